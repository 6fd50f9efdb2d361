"""Which operations EWS has here: the table that requests are answered from."""

from postwarden.dialects.ews.operations import Operation
from postwarden.dialects.ews.sections.absences import absences
from postwarden.dialects.ews.sections.directory import directory
from postwarden.dialects.ews.sections.discovery import discovery
from postwarden.dialects.ews.sections.exporting import exporting
from postwarden.dialects.ews.sections.finding import finding
from postwarden.dialects.ews.sections.folder_changes import folder_changes
from postwarden.dialects.ews.sections.folders import folders
from postwarden.dialects.ews.sections.holding import holding
from postwarden.dialects.ews.sections.identifiers import identifiers
from postwarden.dialects.ews.sections.items import items
from postwarden.dialects.ews.sections.moving import moving
from postwarden.dialects.ews.sections.notifications import notifications
from postwarden.dialects.ews.sections.people import people
from postwarden.dialects.ews.sections.preferences import preferences
from postwarden.dialects.ews.sections.syncing import syncing
from postwarden.dialects.ews.sections.writing import writing

_SECTIONS = (
    *(folders, folder_changes, finding, items, writing, moving),
    *(syncing, notifications, exporting, directory, identifiers),
    *(discovery, holding, people, preferences, absences),
)

OPERATIONS: dict[str, Operation] = {
    each.name: each for section in _SECTIONS for each in section.all
}

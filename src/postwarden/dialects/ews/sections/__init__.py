"""Which operations EWS has here: the table that requests are answered from."""

from postwarden.dialects.ews.operations import Operation
from postwarden.dialects.ews.sections.finding import finding
from postwarden.dialects.ews.sections.folders import folders
from postwarden.dialects.ews.sections.identifiers import identifiers
from postwarden.dialects.ews.sections.items import items

_SECTIONS = (folders, finding, items, identifiers)

OPERATIONS: dict[str, Operation] = {
    each.name: each for section in _SECTIONS for each in section.all
}

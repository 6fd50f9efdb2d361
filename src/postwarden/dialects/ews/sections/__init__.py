"""Which operations EWS has here: the table that requests are answered from."""

from postwarden.dialects.ews.operations import Operation
from postwarden.dialects.ews.sections.identifiers import identifiers

OPERATIONS: dict[str, Operation] = {
    each.name: each for section in (identifiers,) for each in section.all
}

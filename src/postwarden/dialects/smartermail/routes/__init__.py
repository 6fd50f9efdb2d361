"""Which calls the SmarterMail dialect has, by the sections of its own manual."""

from postwarden.dialects.smartermail.operations import Operation
from postwarden.dialects.smartermail.routes.accounts import accounts
from postwarden.dialects.smartermail.routes.lists import lists
from postwarden.dialects.smartermail.routes.login import login
from postwarden.dialects.smartermail.routes.system import system

OPERATIONS: tuple[Operation, ...] = (
    *login.all,
    *system.all,
    *accounts.all,
    *lists.all,
)

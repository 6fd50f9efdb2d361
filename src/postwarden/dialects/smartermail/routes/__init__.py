"""Which calls the SmarterMail dialect has, by the sections of its own manual."""

from postwarden.dialects.smartermail.operations import Operation
from postwarden.dialects.smartermail.routes.absent import absent
from postwarden.dialects.smartermail.routes.accounts import accounts
from postwarden.dialects.smartermail.routes.aliases import aliases
from postwarden.dialects.smartermail.routes.lists import lists
from postwarden.dialects.smartermail.routes.login import login
from postwarden.dialects.smartermail.routes.mail import mail
from postwarden.dialects.smartermail.routes.system import system
from postwarden.dialects.smartermail.routes.users import users

OFFERED: tuple[Operation, ...] = (
    *login.all,
    *system.all,
    *accounts.all,
    *users.all,
    *aliases.all,
    *lists.all,
    *mail.all,
)
ROUTES: tuple[Operation, ...] = (*OFFERED, *absent)
"""With those that only say that they are not offered."""

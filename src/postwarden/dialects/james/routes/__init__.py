"""Every operation of the James dialect, section by section of its manual."""

from postwarden.dialects.james.operations import Operation
from postwarden.dialects.james.routes.addresses import addresses
from postwarden.dialects.james.routes.domains import domains
from postwarden.dialects.james.routes.health import health
from postwarden.dialects.james.routes.mailboxes import mailboxes
from postwarden.dialects.james.routes.mappings import mappings
from postwarden.dialects.james.routes.quotas import quotas
from postwarden.dialects.james.routes.tasks import tasks
from postwarden.dialects.james.routes.users import users
from postwarden.dialects.james.routes.vault import vault

PROTECTED = (
    *("/domains", "/users", "/tasks", "/quota", "/sieve/quota", "/mailboxes"),
    *("/address/groups", "/address/forwards", "/address/aliases"),
    *("/domainMappings", "/mappings", "/mailRepositories", "/mailQueues"),
    *("/events/deadLetter", "/deletedMessages", "/dlp/rules"),
)
"""Bases below which nothing is said to strangers, not even that there is nothing."""

ROUTES: tuple[Operation, ...] = tuple(
    operation
    for section in (
        *(health, tasks, domains, users, mailboxes, quotas, addresses, mappings),
        vault,
    )
    for operation in section.all
)

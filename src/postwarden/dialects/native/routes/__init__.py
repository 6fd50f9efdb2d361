"""Which operations our own API has."""

from postwarden.dialects.native.operations import Operation
from postwarden.dialects.native.routes.accounts import accounts
from postwarden.dialects.native.routes.addresses import (
    aliases,
    forwards,
    groups,
    lists,
)
from postwarden.dialects.native.routes.administration import (
    administrators,
    keys,
    roles,
)
from postwarden.dialects.native.routes.cases import cases
from postwarden.dialects.native.routes.domains import (
    catch_alls,
    domain_aliases,
    domains,
)
from postwarden.dialects.native.routes.factors import factors
from postwarden.dialects.native.routes.files import directory_files
from postwarden.dialects.native.routes.holds import holds
from postwarden.dialects.native.routes.logins import logins
from postwarden.dialects.native.routes.mail import mail
from postwarden.dialects.native.routes.messages import messages
from postwarden.dialects.native.routes.meta import meta
from postwarden.dialects.native.routes.operations import audit, inventory
from postwarden.dialects.native.routes.tasks import tasks
from postwarden.dialects.native.routes.vault import vault
from postwarden.dialects.native.routes.webhooks import webhooks

OPERATIONS: tuple[Operation, ...] = (
    *domains.all,
    *domain_aliases.all,
    *catch_alls.all,
    *accounts.all,
    *aliases.all,
    *groups.all,
    *lists.all,
    *forwards.all,
    *directory_files.all,
    *mail.all,
    *messages.all,
    *cases.all,
    *holds.all,
    *vault.all,
    *tasks.all,
    *webhooks.all,
    *administrators.all,
    *roles.all,
    *keys.all,
    *factors.all,
    *logins.all,
    *audit.all,
    *inventory.all,
    *meta.all,
)

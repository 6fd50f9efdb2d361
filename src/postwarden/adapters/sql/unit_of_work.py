"""One transaction over SQL: the repositories on one connection."""

from datetime import datetime

from postwarden.adapters.sql.accounts import SqlAccounts
from postwarden.adapters.sql.arming import SqlArming
from postwarden.adapters.sql.audit import SqlAuditLog
from postwarden.adapters.sql.cases import SqlCases
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.copies import SqlCopies
from postwarden.adapters.sql.directory import SqlDirectory, SqlDomains
from postwarden.adapters.sql.disposal import SqlDisposal
from postwarden.adapters.sql.holds import SqlHolds
from postwarden.adapters.sql.identities import (
    SqlAdministrators,
    SqlApiKeys,
    SqlRoles,
)
from postwarden.adapters.sql.ledger import SqlLedger
from postwarden.adapters.sql.login_attempts import (
    SqlLoginGuard,
    SqlLoginLog,
    SqlRecoveryCodes,
)
from postwarden.adapters.sql.logins import SqlLoginLinks, SqlLoginSessions
from postwarden.adapters.sql.mailboxes import SqlMailboxes
from postwarden.adapters.sql.messages import SqlMessages
from postwarden.adapters.sql.passkeys import SqlChallenges, SqlPasskeys
from postwarden.adapters.sql.quotas import SqlQuotas
from postwarden.adapters.sql.receptions import SqlQueue, SqlReceptions
from postwarden.adapters.sql.replays import SqlReplays
from postwarden.adapters.sql.rewrites import SqlRewrites
from postwarden.adapters.sql.secrets import SqlSecrets
from postwarden.adapters.sql.systems import SqlSystems
from postwarden.adapters.sql.tasks import SqlTasks
from postwarden.adapters.sql.tokens import SqlTokenGrants
from postwarden.adapters.sql.tracking import SqlLogRows
from postwarden.adapters.sql.vacations import SqlVacations
from postwarden.adapters.sql.webhooks import SqlOutbox, SqlWebhooks


class SqlUnitOfWork:
    """See `services.ports.UnitOfWork`; whoever made it begins and commits."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.now = now
        self.domains = SqlDomains(connection)
        self.accounts = SqlAccounts(connection)
        self.directory = SqlDirectory(connection)
        self.mailboxes = SqlMailboxes(connection)
        self.messages = SqlMessages(connection)
        self.copies = SqlCopies(connection)
        self.ledger = SqlLedger(connection)
        self.log_rows = SqlLogRows(connection)
        self.receptions = SqlReceptions(connection)
        self.queue = SqlQueue(connection)
        self.tasks = SqlTasks(connection)
        self.quotas = SqlQuotas(connection)
        self.rewrites = SqlRewrites(connection)
        self.systems = SqlSystems(connection)
        self.webhooks = SqlWebhooks(connection)
        self.outbox = SqlOutbox(connection)
        self.cases = SqlCases(connection)
        self.arming = SqlArming(connection)
        self.holds = SqlHolds(connection)
        self.disposal = SqlDisposal(connection)
        self.administrators = SqlAdministrators(connection)
        self.roles = SqlRoles(connection)
        self.keys = SqlApiKeys(connection)
        self.sessions = SqlLoginSessions(connection)
        self.links = SqlLoginLinks(connection)
        self.tokens = SqlTokenGrants(connection)
        self.vacations = SqlVacations(connection)
        self.login_log = SqlLoginLog(connection)
        self.login_guard = SqlLoginGuard(connection)
        self.recovery_codes = SqlRecoveryCodes(connection)
        self.replays = SqlReplays(connection)
        self.passkeys = SqlPasskeys(connection)
        self.challenges = SqlChallenges(connection)
        self.audit = SqlAuditLog(connection)
        self.secrets = SqlSecrets(connection)

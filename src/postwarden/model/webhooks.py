"""Webhooks: addresses elsewhere that are told what happens here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from postwarden.model.addresses import domain_name
from postwarden.model.errors import Invalid

MAX_URL = 2048  # characters


class NoticeName(StrEnum):
    """What a webhook can be told of."""

    DOMAIN_CREATED = "domain.created"
    DOMAIN_CHANGED = "domain.changed"  # its catch-all too
    DOMAIN_REMOVED = "domain.removed"
    DOMAIN_ALIAS_CREATED = "domain-alias.created"
    DOMAIN_ALIAS_CHANGED = "domain-alias.changed"
    DOMAIN_ALIAS_REMOVED = "domain-alias.removed"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_CHANGED = "account.changed"  # its name, quota or state
    ACCOUNT_PASSWORD_CHANGED = "account.password-changed"  # noqa: S105  an event
    ACCOUNT_RENAMED = "account.renamed"
    ACCOUNT_REMOVED = "account.removed"
    ACCOUNT_LOGGED_IN_AS = "account.logged-in-as"  # by an administrator
    ACCOUNT_ENDED = "account.ended"  # a removed one whose mail is gone for good
    ALIAS_CREATED = "alias.created"
    ALIAS_CHANGED = "alias.changed"
    ALIAS_REMOVED = "alias.removed"
    GROUP_CREATED = "group.created"
    GROUP_CHANGED = "group.changed"
    GROUP_REMOVED = "group.removed"
    LIST_CREATED = "list.created"
    LIST_CHANGED = "list.changed"
    LIST_REMOVED = "list.removed"
    FORWARD_CREATED = "forward.created"
    FORWARD_CHANGED = "forward.changed"
    FORWARD_REMOVED = "forward.removed"
    MAIL_IMPORTED = "mail.imported"
    MAIL_EXPORTED = "mail.exported"  # somebody's mail left
    MESSAGE_SHOWN = "message.shown"  # somebody looked at what somebody wrote
    CASE_OPENED = "case.opened"
    CASE_EDITED = "case.edited"
    CASE_PREVIEWED = "case.previewed"
    CASE_APPROVED = "case.approved"
    CASE_BREAK_GLASS = "case.break-glass"  # approved without a second person
    CASE_REVIEWED = "case.reviewed"  # afterwards, by one
    CASE_STARTED = "case.started"  # its approved plan runs
    CASE_STOPPED = "case.stopped"
    CASE_RESUMED = "case.resumed"
    CASE_DONE = "case.done"
    CASE_ARMED = "case.armed"  # a rule catches late copies
    CASE_DISARMED = "case.disarmed"
    CASE_UNDO_STARTED = "case.undo-started"
    CASE_UNDONE = "case.undone"
    CASE_CLOSED = "case.closed"
    CASE_EXPORTED = "case.exported"  # its evidence
    HOLD_CREATED = "hold.created"
    HOLD_RELEASED = "hold.released"
    VAULT_EXPIRED = "vault.expired"  # mail whose retention is over was destroyed
    VAULT_PURGED = "vault.purged"
    VAULT_RESTORED = "vault.restored"
    ADMIN_CREATED = "admin.created"
    ADMIN_CHANGED = "admin.changed"
    ADMIN_REMOVED = "admin.removed"
    ADMIN_LINK_MADE = "admin.link-made"  # a one-time link to log in with
    ROLE_CREATED = "role.created"
    ROLE_CHANGED = "role.changed"
    ROLE_REMOVED = "role.removed"
    KEY_CREATED = "key.created"
    KEY_REVOKED = "key.revoked"
    LOGIN_BLOCKED = "login.blocked"  # after too many failures
    TASK_CANCELED = "task.canceled"
    DIRECTORY_EXPORTED = "directory.exported"
    BACKUP_FINISHED = "backup.finished"
    STORE_RESTORED = "store.restored"
    WEBHOOK_DISABLED = "webhook.disabled"  # it failed for too long; others hear it
    WEBHOOK_TEST = "webhook.test"  # asked for with `webhook test`, and sent at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that happened; `key` is the same each time somebody is told.

    `body` is the JSON that is sent, octet for octet.
    """

    key: str
    time: datetime
    name: NoticeName
    object: str
    domain: str | None
    body: str


class WebhookState(StrEnum):
    """Whether a webhook is told anything."""

    ACTIVE = "active"
    DISABLED = "disabled"  # by somebody, or after it failed for too long


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Who is told of what: nothing in `events` means everything.

    `domains` of None means all domains, and what belongs to none. Secrets are
    sealed; the old one signs beside the new until `old_until`. While nothing was
    delivered since `failing_since`, nothing is tried before `retry_at`.
    """

    id: int = 0
    url: str
    events: tuple[NoticeName, ...] = ()
    domains: tuple[str, ...] | None = None
    state: WebhookState = WebhookState.ACTIVE
    secret: bytes
    created_at: datetime
    created_by: str
    old_secret: bytes | None = None
    old_until: datetime | None = None
    failing_since: datetime | None = None
    retry_at: datetime | None = None

    def secrets(self, now: datetime) -> list[bytes]:
        """Return what signs now, the newest first."""
        old, until = self.old_secret, self.old_until
        is_good = old is not None and until is not None and now < until
        return [self.secret, old] if old is not None and is_good else [self.secret]

    def listens(self, name: NoticeName, domains: Collection[str]) -> bool:
        """Whether it is to be told of this, which concerns some domains or none."""
        return (
            self.state is WebhookState.ACTIVE
            and (not self.events or name in self.events)
            and (
                self.domains is None
                or (bool(domains) and set(domains).issubset(self.domains))
            )
        )

    @property
    def origin(self) -> str:
        """Where it goes, without path and query: they may hold a secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


class DeliveryState(StrEnum):
    """What became of telling one webhook one thing."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"  # every attempt did; it can be replayed
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One thing that one webhook is to be told of."""

    id: int = 0
    webhook: int
    notice: Notice
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    next_at: datetime
    last_attempt_at: datetime | None = None
    last_status: int | None = None  # of HTTP; None when there was no answer
    last_error: str | None = None
    ended_at: datetime | None = None


def check_url(text: str) -> str:
    """Return a URL that a webhook may have; raises Invalid."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _not_a_url("it cannot be read") from None
    if len(text) > MAX_URL or not text.isascii() or not text.isprintable():
        raise _not_a_url(f"at most {MAX_URL} printable ASCII characters")
    if " " in text or "\\" in text:
        raise _not_a_url("no spaces and no backslashes")
    if parts.scheme not in {"https", "http"} or not host or port == 0:
        raise _not_a_url("as in https://example.org/hook")
    if parts.username is not None or parts.password is not None:
        raise _not_a_url("without a name or password in it")
    if parts.fragment or text.endswith("#"):
        raise _not_a_url("without a fragment")
    if ":" not in host:
        domain_name(host)
    return text


def _not_a_url(rule: str) -> Invalid:
    return Invalid(f"not the URL of a webhook: {rule}", field="url")


def event_names(words: Sequence[str]) -> tuple[NoticeName, ...]:
    """Return the events that words name, in order; `all` gives none of them.

    Raises Invalid.
    """
    if "all" in words:
        return ()
    try:
        wanted = {NoticeName(word) for word in words}
    except ValueError as error:
        raise Invalid(
            f"no event: {error}; docs/webhooks.md has them, or say all", field="event"
        ) from None
    if not wanted:
        raise Invalid("name an event to be told of, or all", field="event")
    return tuple(name for name in NoticeName if name in wanted)

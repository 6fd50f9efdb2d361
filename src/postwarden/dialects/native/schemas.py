"""What our own API takes: query parameters and bodies, bounded field by field."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from postwarden.model.cases import INCLUDABLE, Action
from postwarden.model.permissions import Permission
from postwarden.model.tasks import TaskState
from postwarden.model.webhooks import MAX_URL, DeliveryState

PAGE = 100
MAX_PAGE = 1000

AddressText = Annotated[
    str, Meta(min_length=3, max_length=320, examples=["ada@example.org"])
]
DomainText = Annotated[
    str, Meta(min_length=1, max_length=255, examples=["example.org"])
]
Name = Annotated[str, Meta(max_length=255)]
Password = Annotated[str, Meta(min_length=1, max_length=1024)]
Octets = Annotated[int, Meta(ge=0, le=2**60, description="Octets; 0 for no limit.")]
Messages = Annotated[int, Meta(ge=0, le=2**60, description="0 for no limit.")]
Retention = Annotated[int, Meta(ge=0, le=100 * 366 * 86_400, description="Seconds.")]
Targets = Annotated[list[AddressText], Meta(min_length=1, max_length=10_000)]
MoreTargets = Annotated[list[AddressText], Meta(max_length=10_000)]
OnOff = Annotated[str, Meta(pattern="^(active|disabled)$")]
Limit = Annotated[int, Meta(ge=1, le=MAX_PAGE, description="Rows in a page.")]
Cursor = Annotated[str, Meta(max_length=2048, description="`next` of the page before.")]
Total = Annotated[bool, Meta(description="Count the rows of all pages, too.")]
Filter = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=8192,
        description="A query, as `find` and `trace` take it.",
        examples=["from:ada is:unread"],
    ),
]


class Taken(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A body or query: what it does not name is refused."""


class Paging(Taken):
    """Which part of a list."""

    limit: Limit = PAGE
    cursor: Cursor = ""
    total: Total = False


class InDomain(Paging):
    """A list, of one domain if one is given."""

    domain: DomainText | UnsetType = UNSET


class OfDomain(Paging):
    """Other names of domains, of one domain if one is given."""

    of: DomainText | UnsetType = UNSET


class Writing(Taken):
    """How a change is made."""

    dry_run: Annotated[bool, Meta(description="Change nothing; say what would.")] = (
        False
    )


class Finding(Paging, kw_only=True):
    """Which copies; live ones, unless `state` or an `is:` term says otherwise."""

    filter: Filter
    state: (
        Annotated[str, Meta(pattern="^(any|live|contained|vaulted)$")] | UnsetType
    ) = UNSET


class Counting(Taken):
    """Which copies to count."""

    filter: Filter
    state: (
        Annotated[str, Meta(pattern="^(any|live|contained|vaulted)$")] | UnsetType
    ) = UNSET


class Tracing(Paging, kw_only=True):
    """Which events of the ledger."""

    filter: Filter


class CountingEvents(Taken):
    """Which events of the ledger to count by the mail they name."""

    filter: Filter


class AuditQuery(Paging):
    """Whose acts, on what, since when."""

    actor: Name | UnsetType = UNSET
    dialect: Annotated[str, Meta(max_length=40)] | UnsetType = UNSET
    object: Annotated[str, Meta(max_length=400)] | UnsetType = UNSET
    since: datetime | UnsetType = UNSET


Reason = Annotated[str, Meta(min_length=1, max_length=2000)]


class NewCase(Taken):
    """What a case is about; `query` is in the language of `filter`."""

    query: Filter
    reason: Reason
    ticket: Annotated[str, Meta(max_length=255)] | None = None


class CaseEdit(Taken):
    """Another query for a case that has not acted yet."""

    query: Filter


class Preview(Taken):
    """What a plan does, to which classes beside exact, same and match, to what not.

    `exclude` has addresses and `@domain`s, `exclude_items` numbers of items of the
    newest plan.
    """

    action: Action = Action.CONTAIN
    exclude: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=320)]], Meta(max_length=1000)
    ] = []
    exclude_items: Annotated[
        list[Annotated[int, Meta(ge=1, le=2**53)]], Meta(max_length=10_000)
    ] = []
    include_sent: bool = False
    include: Annotated[
        list[Annotated[str, Meta(pattern=f"^({'|'.join(sorted(INCLUDABLE))})$")]],
        Meta(max_length=10),
    ] = []


class PlanApproval(Taken):
    """Which plan may run: its hash, as the preview told it."""

    plan: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    break_glass: (
        Annotated[
            Reason,
            Meta(description="Approve one's own large plan, in an emergency: why."),
        ]
        | UnsetType
    ) = UNSET


class UndoOrder(Taken):
    """Whose copies to return; everybody's without accounts."""

    accounts: Annotated[list[AddressText], Meta(max_length=1000)] = []
    to: (
        Annotated[
            AddressText, Meta(description="Where to, for an account that was removed.")
        ]
        | UnsetType
    ) = UNSET


class Arming(Taken):
    """How long a rule catches late copies."""

    hours: Annotated[int, Meta(ge=1, le=24 * 366)]


class NewHold(Taken):
    """What to hold: a query, an account, the plans of a case; one at least."""

    reason: Reason
    query: Filter | None = None
    account: AddressText | None = None
    case: Annotated[int, Meta(ge=1, le=2**53)] | None = None
    name: Name = ""


class Restoring(Taken):
    """What to restore: what a query finds in the vault, or one item; and to whom."""

    query: Filter | UnsetType = UNSET
    item: Annotated[int, Meta(ge=1, le=2**53)] | UnsetType = UNSET
    to: AddressText | UnsetType = UNSET


class Reasoned(Taken):
    """Why."""

    reason: Reason


class Looking(Taken):
    """Why somebody's mail is looked at; it stands in the audit log."""

    reason: Reason


class ContentAsked(Looking, kw_only=True):
    """Which part of a message, by its number; all of it without one."""

    part: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET


class TaskQuery(Paging):
    """Which tasks."""

    state: Annotated[list[TaskState], Meta(max_length=10)] = []
    name: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET


class TaskWait(Taken):
    """How long to wait for the end."""

    wait: Annotated[float, Meta(ge=0, le=60, description="Seconds.")] = 0


AdministratorName = Annotated[str, Meta(min_length=1, max_length=255)]
Permissions = Annotated[list[Permission], Meta(max_length=200)]
Domains = Annotated[list[DomainText], Meta(max_length=1000)]


class NewAdministrator(Taken):
    """An administrator to create; without domains he acts in every one."""

    name: AdministratorName
    role: Annotated[str, Meta(min_length=1, max_length=100)]
    domains: Domains = []
    password: Password | UnsetType = UNSET


class AdministratorChange(Taken):
    """What to change of an administrator; `domains` names all of them anew."""

    role: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    domains: Domains | UnsetType = UNSET
    everywhere: bool = False
    password: Password | UnsetType = UNSET
    state: OnOff | UnsetType = UNSET


class NewRole(Taken):
    """A name for some permissions."""

    role: Annotated[str, Meta(min_length=1, max_length=100)]
    permissions: Permissions
    description: Annotated[str, Meta(max_length=1000)] = ""


class RoleChange(Taken):
    """What to change of a role; `permissions` names all of them anew."""

    permissions: Permissions | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET


class KeyQuery(Paging):
    """Whose keys."""

    actor: AdministratorName | UnsetType = UNSET


class KeyOrder(Taken):
    """A key to make; without `permissions` it may do what its owner may."""

    actor: AdministratorName
    expires: datetime | UnsetType = UNSET
    permissions: Permissions | UnsetType = UNSET
    networks: Annotated[
        list[Annotated[str, Meta(max_length=50, examples=["192.0.2.0/24"])]],
        Meta(max_length=100),
    ] = []


Url = Annotated[
    str, Meta(min_length=1, max_length=MAX_URL, examples=["https://example.org/hook"])
]
EventWords = Annotated[
    list[Annotated[str, Meta(max_length=100)]],
    Meta(min_length=1, max_length=200, examples=[["case.done"], ["all"]]),
]
WebhookSecret = Annotated[str, Meta(max_length=200, description="`whsec_...`")]


class WebhookOrder(Taken):
    """Who is to be told of what; without domains of every one."""

    url: Url
    events: EventWords
    domains: Domains = []
    secret: WebhookSecret | UnsetType = UNSET


class WebhookChange(Taken):
    """What to change of a webhook; `events` names all of them anew."""

    url: Url | UnsetType = UNSET
    events: EventWords | UnsetType = UNSET
    state: OnOff | UnsetType = UNSET
    secret: WebhookSecret | UnsetType = UNSET
    new_secret: bool = False


class DeliveryQuery(Paging):
    """Which deliveries."""

    webhook: Annotated[int, Meta(ge=1, le=2**53)] | UnsetType = UNSET
    state: Annotated[list[DeliveryState], Meta(max_length=10)] = []


class SessionQuery(Paging):
    """Whose sessions."""

    admin: AdministratorName | UnsetType = UNSET


class LinkPage(Taken):
    """The token of a link, which the page in the browser reads for itself."""

    token: Annotated[str, Meta(max_length=200)] = ""


class LinkToken(Taken):
    """The token of a link."""

    token: Annotated[str, Meta(min_length=1, max_length=200)]


class PasswordLogin(Taken):
    """Who comes in with what; `code` is of the second factor, or a recovery code."""

    name: AdministratorName
    password: Password
    code: Annotated[str, Meta(max_length=64)] = ""


class NewDomain(Taken):
    """A domain to host; the quotas are what its new accounts get."""

    domain: DomainText
    delimiter: Annotated[str, Meta(max_length=1)] = "+"
    default_quota_octets: Octets = 0
    default_quota_messages: Messages = 0
    vault_retention_seconds: Retention | UnsetType = UNSET
    removed_account_retention_seconds: Retention | UnsetType = UNSET


class DomainChange(Taken):
    """What to change of a domain; an empty text takes an address away."""

    postmaster: Annotated[str, Meta(max_length=320)] | UnsetType = UNSET
    catch_all: Annotated[str, Meta(max_length=320)] | UnsetType = UNSET
    delimiter: Annotated[str, Meta(max_length=1)] | UnsetType = UNSET
    default_quota_octets: Octets | UnsetType = UNSET
    default_quota_messages: Messages | UnsetType = UNSET
    vault_retention_seconds: Retention | UnsetType = UNSET
    removed_account_retention_seconds: Retention | UnsetType = UNSET


class NewDomainAlias(Taken):
    """Another name of a hosted domain."""

    domain_alias: DomainText
    of: DomainText


class DomainAliasChange(Taken):
    """Which domain it is a name of."""

    of: DomainText


class CatchAllTo(Taken):
    """Who gets mail for unknown addresses."""

    to: AddressText


class NewCatchAll(CatchAllTo, kw_only=True):
    """A domain, and who gets mail for its unknown addresses."""

    domain: DomainText


class NewAccount(Taken):
    """An account to create; without quotas it has its domain's defaults.

    Without a password nobody can log in, and mail arrives.
    """

    address: AddressText
    name: Name = ""
    password: Password | UnsetType = UNSET
    quota_octets: Octets | UnsetType = UNSET
    quota_messages: Messages | UnsetType = UNSET


class NewAccounts(Taken):
    """Accounts to create; each that cannot be is told of, and the others are."""

    accounts: Annotated[list[NewAccount], Meta(min_length=1, max_length=200)]


class AccountChange(Taken):
    """What to change of an account."""

    name: Name | UnsetType = UNSET
    password: Password | UnsetType = UNSET
    quota_octets: Octets | UnsetType = UNSET
    quota_messages: Messages | UnsetType = UNSET
    state: OnOff | UnsetType = UNSET


class NewAddress(Taken):
    """The address that an account gets."""

    address: AddressText


class NewAlias(Taken):
    """An address to stand for others."""

    address: AddressText
    to: Targets


class NewMembers(Taken):
    """A group or list to create."""

    address: AddressText
    members: Targets


class AliasChange(Taken):
    """Other targets, some more, or some less; or mail on or off."""

    to: Targets | UnsetType = UNSET
    add: MoreTargets | UnsetType = UNSET
    remove: MoreTargets | UnsetType = UNSET
    state: OnOff | UnsetType = UNSET


class MembersChange(Taken):
    """Other members, some more, or some less; or mail on or off."""

    members: Targets | UnsetType = UNSET
    add: MoreTargets | UnsetType = UNSET
    remove: MoreTargets | UnsetType = UNSET
    state: OnOff | UnsetType = UNSET


class NewForward(Taken):
    """Where the mail of an account goes from now on."""

    address: AddressText
    to: Targets
    keep_copy: bool = False


class ForwardChange(Taken):
    """Where else it goes, or whether the account keeps a copy."""

    to: Targets | UnsetType = UNSET
    keep_copy: bool | UnsetType = UNSET

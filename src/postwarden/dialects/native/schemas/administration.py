"""What is asked about administrators, logins, tasks and the audit log."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from postwarden.dialects.native.schemas.fields import (
    AddressText,
    AdministratorName,
    Domains,
    Name,
    OnOff,
    Paging,
    Password,
    Permissions,
    Taken,
)
from postwarden.model.tasks import TaskState


class AuditQuery(Paging):
    """Whose acts, on what, since when."""

    actor: Name | UnsetType = UNSET
    dialect: Annotated[str, Meta(max_length=40)] | UnsetType = UNSET
    object: Annotated[str, Meta(max_length=400)] | UnsetType = UNSET
    since: datetime | UnsetType = UNSET


Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Anchor(Taken):
    """A signed head of the audit log, as `audit anchor` wrote it down."""

    kind: Annotated[str, Meta(max_length=40)]
    entry: Annotated[int, Meta(ge=1, le=2**53)]
    hash: Hash
    time: Annotated[str, Meta(max_length=40)]
    public_key: Hash
    signature: Annotated[str, Meta(pattern="^[0-9a-f]{128}$")]


class AuditCheck(Taken):
    """What the audit log must still have, and whose its newest head must be."""

    anchors: Annotated[list[Anchor], Meta(max_length=100)] = msgspec.field(
        default_factory=list
    )
    public_key: Hash | UnsetType = UNSET


class TaskQuery(Paging):
    """Which tasks."""

    state: Annotated[list[TaskState], Meta(max_length=10)] = msgspec.field(
        default_factory=list
    )
    name: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET


class TaskWait(Taken):
    """How long to wait for the end."""

    wait: Annotated[float, Meta(ge=0, le=60, description="Seconds.")] = 0


class NewAdministrator(Taken):
    """An administrator to create; without domains he acts in every one."""

    name: AdministratorName
    role: Annotated[str, Meta(min_length=1, max_length=100)]
    domains: Domains = msgspec.field(default_factory=list)
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
    ] = msgspec.field(default_factory=list)


class SessionQuery(Paging):
    """Whose sessions."""

    admin: AdministratorName | UnsetType = UNSET


class AttemptQuery(Paging):
    """Attempts to come in as whom: an account or an administrator, not both."""

    account: AddressText | UnsetType = UNSET
    admin: AdministratorName | UnsetType = UNSET


class TotpAnswer(Taken):
    """A secret that was proposed, and the code that an app shows of it now."""

    secret: Annotated[str, Meta(min_length=32, max_length=32)]
    code: Annotated[str, Meta(min_length=1, max_length=64)]


Handle = Annotated[str, Meta(min_length=1, max_length=100)]


class PasskeyAnswer(Taken):
    """What an authenticator answered to an invitation: its credential as JSON."""

    handle: Handle
    answer: dict[str, Any]


class NewPasskey(PasskeyAnswer, kw_only=True):
    """A passkey to keep, by a name that its owner knows it by."""

    name: Annotated[str, Meta(min_length=1, max_length=255)]


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

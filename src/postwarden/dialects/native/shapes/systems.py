"""Mail systems elsewhere as scripts see them."""

from datetime import datetime
from typing import TypedDict

from postwarden.dialects.native.shapes.mail import AnyCopyShape
from postwarden.model.mailboxes import CopyState
from postwarden.model.systems import System
from postwarden.services.ports.systems import SystemReport
from postwarden.services.systems.searching import Found


class SystemShape(TypedDict):
    """How a system is reached; its secret is never shown."""

    system: str
    kind: str
    url: str
    user: str
    has_secret: bool
    has_authorities: bool
    options: dict[str, str]
    created_at: datetime
    created_by: str


class RemoteCopyShape(AnyCopyShape):
    """A copy on a system, with what its octets say; it has no UID of ours."""

    system: str
    uid: None


class ReportShape(TypedDict):
    """What a system said of itself."""

    system: str
    product: str
    version: str
    rights: list[str]
    lacks: list[str]


def system(of: System) -> SystemShape:
    """Return a system."""
    return {
        "system": of.name,
        "kind": of.kind.value,
        "url": of.url,
        "user": of.user,
        "has_secret": of.secret is not None,
        "has_authorities": of.authorities is not None,
        "options": dict(of.options),
        "created_at": of.created_at,
        "created_by": of.created_by,
    }


def report(name: str, of: SystemReport) -> ReportShape:
    """Return what the system `name` said."""
    return {
        "system": name,
        "product": of.product,
        "version": of.version,
        "rights": list(of.rights),
        "lacks": list(of.lacks),
    }


def copy(name: str, found: Found) -> RemoteCopyShape:
    """Return a copy on the system `name` as `find` prints it."""
    message = found.message
    shape: RemoteCopyShape = {
        "system": name,
        "account": found.copy.account,
        "mailbox": found.copy.mailbox,
        "uid": None,
        "flags": list(found.copy.flags),
        "internal_date": found.copy.internal_date,
        "size": message.size,
        "sha256": message.sha256.hex(),
        "message_id": message.message_id and f"<{message.message_id}>",
        "fingerprint": message.fingerprint.hex() if message.fingerprint else None,
        "subject": message.subject,
        "author": message.author,
        "state": CopyState.LIVE.value,
        "hold": [],
    }
    if found.match_class is not None:
        shape["class"] = found.match_class.value
    return shape

"""What a Message-ID names: one content or several, since anybody can forge one.

A reader may be shown everything that carries an id. What acts on mail goes by
content only: it takes an id for a name while one content has it, writes that
content's SHA-256 in its place, and asks its user to choose when there are more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from postwarden.model.actors import Actor
from postwarden.model.errors import NotFound, Refused
from postwarden.model.mailboxes import CopyState
from postwarden.model.messages import Message
from postwarden.model.queries import Query, Scope, rewrite
from postwarden.model.queries.terms import Leaf, Node, Similar, SimilarTo
from postwarden.services import access
from postwarden.services.ports import References, UnitOfWork

SHOWN = 10  # contents of one id that are named to choose from
_GIVEN = Similar(SimilarTo.SHA256, "0" * 64)  # stands for references given beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One of the contents that have an id, by the first message stored with it."""

    sha256: bytes
    subject: str
    author: str
    copies: int

    def __str__(self) -> str:
        return (
            f'{self.sha256.hex()} "{self.subject:.80}" '
            f"from {self.author or 'nobody':.80} ({self.copies} copies)"
        )


class Carrier(Protocol):
    """What an id is seen on: a message, a copy, or mail on another system."""

    @property
    def sha256(self) -> bytes: ...
    @property
    def fingerprint(self) -> bytes | None: ...
    @property
    def subject(self) -> str: ...
    @property
    def author(self) -> str: ...


def content_of(message: Carrier) -> bytes:
    """Return what messages of one content share.

    That is author, date, subject, text and attachments, or all its octets where a
    message has no fingerprint.
    """
    return message.fingerprint or message.sha256


def groups(uow: UnitOfWork, actor: Actor, message_id: str) -> list[list[Message]]:
    """Return the messages with an id that the actor may see, oldest first.

    Those of one content are together.
    """
    found: dict[bytes, list[Message]] = {}
    named = uow.messages.with_message_id(message_id)
    for message in access.visible_messages(uow, actor, named):
        found.setdefault(content_of(message), []).append(message)
    return list(found.values())


def count(contents: dict[bytes, Content], facts: Carrier) -> None:
    """Add a copy to the contents that an id was seen with."""
    known = contents.get(content_of(facts))
    contents[content_of(facts)] = Content(
        sha256=known.sha256 if known else facts.sha256,
        subject=known.subject if known else facts.subject,
        author=known.author if known else facts.author,
        copies=1 + (known.copies if known else 0),
    )


def settled(uow: UnitOfWork, actor: Actor, query: Query) -> Query:
    """Return the query with the SHA-256 of a content for each `similar:<id>`.

    Raises NotFound when nothing has the id, Refused when several contents have
    it, with what there is to choose from.
    """

    def by_content(leaf: Leaf) -> Node:
        if not isinstance(leaf, Similar) or leaf.kind is not SimilarTo.MESSAGE_ID:
            return leaf
        found = groups(uow, actor, leaf.value)
        if not found:
            raise NotFound("message", leaf.value)
        if len(found) > 1:
            contents = [_content(uow, actor, group) for group in found]
            choice = described(leaf.value, contents)
            raise Refused(f"{choice}; ids can be forged: name one as similar:SHA256")
        return Similar(SimilarTo.SHA256, found[0][0].sha256.hex())

    return rewrite(query, by_content)


def described(message_id: str, contents: Iterable[Content]) -> str:
    """Say which contents have an id."""
    several = list(contents)
    lines = [str(each) for each in several[:SHOWN]]
    if len(several) > SHOWN:
        lines.append(f"{len(several) - SHOWN} more, see find message-id:{message_id}")
    return f"<{message_id}> names {len(several)} different contents: {', '.join(lines)}"


def _content(uow: UnitOfWork, actor: Actor, messages: Sequence[Message]) -> Content:
    references = References(sha256s=frozenset(each.sha256 for each in messages))
    own = access.narrowed(actor, Query(_GIVEN), Scope.FIND)
    copies = uow.copies.search(
        own, states=tuple(CopyState), similar={_GIVEN: references}
    )
    first = messages[0]
    return Content(
        sha256=first.sha256,
        subject=first.subject,
        author=first.author,
        copies=len(copies),
    )

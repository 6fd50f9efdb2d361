"""What a plan's items are together, counted as they are found."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from postwarden.model.cases import Cluster
from postwarden.model.mailboxes import CopyState
from postwarden.model.systems import LOCAL
from postwarden.services.ports import CopyFacts
from postwarden.services.systems.searching import Found

SHOWN_CLUSTERS = 50
MANY = 100  # mails of one mailbox from which on their share of it is looked at


class _Mail(Protocol):
    @property
    def sha256(self) -> bytes: ...
    @property
    def content_fingerprint(self) -> bytes | None: ...
    @property
    def subject(self) -> str: ...
    @property
    def author(self) -> str: ...


@dataclass(slots=True)
class Contents:
    """Messages, accounts, mailboxes, and clusters of one content.

    Only what the plan acts on is counted here. An account is one of a system, by its
    address; a message is its SHA-256.
    """

    messages: dict[bytes, None] = field(default_factory=dict)
    accounts: set[tuple[str, str]] = field(default_factory=set)
    mailboxes: Counter[int] = field(default_factory=Counter)
    copies: Counter[bytes] = field(default_factory=Counter)
    by_content: dict[bytes, set[bytes]] = field(default_factory=dict)
    sample: dict[bytes, _Mail] = field(default_factory=dict)
    message_ids: set[str] = field(default_factory=set)

    def add(self, facts: Iterable[CopyFacts]) -> None:
        for each in facts:
            self.accounts.add((LOCAL, each.address))
            if each.state is CopyState.LIVE:
                self.mailboxes[each.mailbox_id] += 1
            self._count(each)

    def add_remote(self, system: str, found: Iterable[Found]) -> None:
        """Count copies on another system."""
        for each in found:
            self.accounts.add((system, each.copy.account))
            if each.message.message_id is not None:
                self.message_ids.add(each.message.message_id)
            self._count(each.message)

    def _count(self, mail: _Mail) -> None:
        content = mail.content_fingerprint or mail.sha256
        self.messages[mail.sha256] = None
        self.copies[content] += 1
        self.by_content.setdefault(content, set()).add(mail.sha256)
        self.sample.setdefault(content, mail)

    def accounts_of(self, system: str) -> int:
        """Return how many accounts of a system there are."""
        return sum(name == system for name, _ in self.accounts)

    def crowded(self) -> dict[int, int]:
        """Return the mailboxes of which the plan takes many mails, and how many."""
        return {key: count for key, count in self.mailboxes.items() if count >= MANY}

    def clusters(self) -> tuple[Cluster, ...]:
        return tuple(self._clusters())

    def _clusters(self) -> Iterator[Cluster]:
        for content, copies in self.copies.most_common(SHOWN_CLUSTERS):
            sample = self.sample[content]
            yield Cluster(
                fingerprint=content.hex(),
                subject=sample.subject,
                author=sample.author,
                messages=len(self.by_content[content]),
                copies=copies,
            )

    def warnings(self) -> tuple[str, ...]:
        if len(self.copies) < 2:
            return ()
        return (
            f"the plan holds {len(self.copies)} different contents: "
            "look at each cluster before you approve",
        )

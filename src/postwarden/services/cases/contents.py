"""What a plan's items are together, counted as they are found."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from postwarden.model.cases import Cluster
from postwarden.model.mailboxes import CopyState
from postwarden.services.ports import CopyFacts

SHOWN_CLUSTERS = 50
MANY = 100  # mails of one mailbox from which on their share of it is looked at


@dataclass(slots=True)
class Contents:
    """Messages, accounts, mailboxes, and clusters of one content.

    Only what the plan acts on is counted here.
    """

    messages: dict[int, bytes] = field(default_factory=dict)
    accounts: set[int] = field(default_factory=set)
    mailboxes: Counter[int] = field(default_factory=Counter)
    copies: Counter[bytes] = field(default_factory=Counter)
    by_content: dict[bytes, set[int]] = field(default_factory=dict)
    sample: dict[bytes, CopyFacts] = field(default_factory=dict)

    def add(self, facts: Iterable[CopyFacts]) -> None:
        for each in facts:
            content = each.content_fingerprint or each.sha256
            self.messages[each.message] = each.sha256
            self.accounts.add(each.account)
            if each.state is CopyState.LIVE:
                self.mailboxes[each.mailbox_id] += 1
            self.copies[content] += 1
            self.by_content.setdefault(content, set()).add(each.message)
            self.sample.setdefault(content, each)

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

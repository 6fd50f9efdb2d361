"""Mailboxes and the expunge journal in memory."""

from collections.abc import Iterable
from dataclasses import replace

from postwarden.adapters.memory.state import State
from postwarden.model.errors import AlreadyExists, NotFound
from postwarden.model.mailboxes import Mailbox
from postwarden.services.ports.mail import Left, Mark

_LAST = 2**63


class MemoryMailboxes:
    """See `services.ports.Mailboxes`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._mailboxes = state.mailboxes

    def get(self, mailbox: int) -> Mailbox:
        found = self._mailboxes.get(mailbox)
        if found is None:
            raise NotFound("mailbox", str(mailbox))
        return found

    def many(self, mailboxes: Iterable[int]) -> dict[int, Mailbox]:
        found = ((number, self._mailboxes.get(number)) for number in mailboxes)
        return {number: mailbox for number, mailbox in found if mailbox}

    def find(self, account: int, name: str) -> Mailbox | None:
        number = self._state.mailbox_names.get((account, name))
        return None if number is None else self._mailboxes.get(number)

    def of_account(self, account: int) -> list[Mailbox]:
        found = [each for each in self._mailboxes if each.account == account]
        return sorted(found, key=lambda each: each.name)

    def add(self, account: int, name: str, uid_validity: int) -> Mailbox:
        if (account, name) in self._state.mailbox_names:
            raise AlreadyExists("mailbox", name)
        added = Mailbox(
            id=self._mailboxes.new_id(),
            account=account,
            name=name,
            uid_validity=uid_validity,
        )
        self._mailboxes.insert(added.id, added)
        self._state.mailbox_names.insert((account, name), added.id)
        return added

    def remove(self, mailbox: int) -> None:
        if known := self._mailboxes.get(mailbox):
            self._state.mailbox_names.remove((known.account, known.name))
        self._mailboxes.remove(mailbox)

    def update(self, mailboxes: Iterable[Mailbox]) -> None:
        for mailbox in mailboxes:
            if known := self._mailboxes.get(mailbox.id):
                updated = replace(
                    known,
                    uid_next=mailbox.uid_next,
                    highest_modseq=mailbox.highest_modseq,
                    messages=mailbox.messages,
                    unseen=mailbox.unseen,
                    octets=mailbox.octets,
                )
                self._mailboxes.put(mailbox.id, updated)

    def rename(self, mailbox: int, name: str) -> None:
        known = self._mailboxes.get(mailbox)
        if known is None:
            return
        names = self._state.mailbox_names
        if names.get((known.account, name)) not in {None, mailbox}:
            raise AlreadyExists("mailbox", name)
        names.remove((known.account, known.name))
        names.insert((known.account, name), mailbox)
        self._mailboxes.put(mailbox, replace(known, name=name))

    def expunged(self, mailbox: int, since_modseq: int) -> list[tuple[int, int]]:
        rows = self._state.expunges.among(
            (mailbox, since_modseq + 1, 0), (mailbox, _LAST, 0)
        )
        return [(uid, modseq) for _, modseq, uid, _ in rows]

    def left(self, mailbox: int, mark: Mark, limit: int) -> list[Left]:
        rows = self._state.expunges.among(
            (mailbox, mark.modseq, mark.uid + 1), (mailbox, _LAST, 0)
        )
        return [
            Left(uid=uid, modseq=modseq, item=item)
            for _, modseq, uid, item in rows[:limit]
        ]

    def forget_expunged(self, mailbox: int, limit: int) -> int:
        rows = self._state.expunges.among((mailbox, 0, 0), (mailbox + 1, 0, 0))[:limit]
        for row in rows:
            self._state.expunges.remove(row[:3])
        return len(rows)

    def record_expunged(self, rows: Iterable[tuple[int, int, int, int]]) -> None:
        for mailbox, uid, modseq, item in rows:
            key = (mailbox, modseq, uid)
            self._state.expunges.insert(key, (*key, item))

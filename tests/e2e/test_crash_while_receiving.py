"""`serve` is killed while mail comes in: what was acknowledged is there, once.

Invariant 1 of the architecture: no 250 before the message is durable; after a
crash every acknowledged message is there, once.
"""

import os
import random
import threading
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e import books, mails
from tests.e2e.clients import Dialog, dotted, trace_of
from tests.e2e.places import ENGINES
from tests.e2e.processes import Postwarden, Serving, settings
from tests.e2e.waiting import PATIENCE, until
from tests.e2e.world import EVERYBODY, MEMBERS, TEAM

SEED = int(os.environ.get("POSTWARDEN_TEST_SEED", "20261121"))
# The group has 60 members: more than this many are expanded by the worker.
WORK = settings(delivery__inline_destinations=20, worker__lease_seconds=5)


@dataclass
class Deeds:
    """What clients tried and what they were promised, by token."""

    random: random.Random
    attempted: dict[str, frozenset[str]] = field(default_factory=dict)
    promised: dict[str, set[str]] = field(
        default_factory=lambda: defaultdict[str, set[str]](set)
    )
    traces: dict[str, set[str]] = field(
        default_factory=lambda: defaultdict[str, set[str]](set)
    )
    lock: threading.Lock = field(default_factory=threading.Lock)
    _moments: int = 0
    _kill_at: int = 0
    due: threading.Event = field(default_factory=threading.Event)

    def arm(self, moments: int) -> None:
        self.due.clear()
        self._kill_at = self._moments + moments

    def moment(self) -> None:
        """Count the ends of contents and the answers to them; one is the last."""
        with self.lock:
            self._moments += 1
            if self._moments >= self._kill_at:
                self.due.set()

    def attempt(self, recipients: Sequence[str]) -> tuple[str, bytes]:
        """Return a new mail and its token."""
        with self.lock:
            token = f"t{len(self.attempted):05}x{self.random.getrandbits(32):08x}"
            self.attempted[token] = _accounts(recipients)
            bulk = self.random.random() < 0.1
        if bulk:
            return token, mails.bulky(token, 300_000, seed=int(token[1:6]))
        return token, mails.mail(token)

    def promise(self, token: str, recipients: Sequence[str], answer: str) -> None:
        trace = trace_of(answer)
        with self.lock:
            self.promised[token] |= _accounts(recipients)
            self.traces[token].add(trace)


def _accounts(recipients: Sequence[str]) -> frozenset[str]:
    """Return who gets a copy; the group is all its members."""
    found: set[str] = set()
    for each in recipients:
        found |= set(MEMBERS) if each == TEAM else {each}
    return frozenset(found)


def send(serving: Serving, name: str, deeds: Deeds, seed: int) -> None:
    """Send until the server dies; every third mail goes to the group."""
    chance = random.Random(seed)
    with suppress(OSError), Dialog(serving.addresses[name]) as dialog:
        dialog.begin("LHLO mta.example" if name == "lmtp" else "EHLO mta.example")
        while True:
            recipients = chance.sample(EVERYBODY, chance.randint(1, 3))
            if chance.random() < 0.3:
                recipients = [TEAM]
            token, content = deeds.attempt(recipients)
            dialog.begin_mail("mallory@example.net", recipients)
            dialog.send(dotted(content))
            deeds.moment()
            for to in recipients if name == "lmtp" else [None]:
                answer = dialog.reply()
                deeds.promise(token, recipients if to is None else [to], answer)
            deeds.moment()


def crash_once(postwarden: Postwarden, deeds: Deeds, round_: int) -> None:
    """Serve, let four clients send, and kill at some moment of one of them."""
    serving = postwarden.serve(*WORK)
    deeds.arm(deeds.random.randint(10, 150))
    senders = [
        threading.Thread(target=send, args=(serving, name, deeds, SEED + seed))
        for seed, name in enumerate(("smtp", "lmtp", "smtp", "lmtp"), 10 * round_)
    ]
    for each in senders:
        each.start()
    try:
        assert deeds.due.wait(PATIENCE)
    finally:
        serving.kill()
        for each in senders:
            each.join(PATIENCE)


def survive(postwarden: Postwarden, rounds: int, seed: int) -> None:
    deeds = Deeds(random.Random(seed))
    for round_ in range(rounds):
        crash_once(postwarden, deeds, round_)
    serving = postwarden.serve(*WORK)
    with books.opened(postwarden.data) as seen:
        until(seen.is_idle, "the worker delivers what was accepted")
    serving.stop()
    with books.opened(postwarden.data) as seen:
        assert not seen.faults()
        _check_deeds(seen, deeds)
    _check_leftovers(postwarden.data)


def _check_deeds(seen: books.Books, deeds: Deeds) -> None:
    assert deeds.promised
    copies: dict[str, Counter[str]] = defaultdict(Counter)
    for filed, count in seen.filed().items():
        token = mails.token_of(seen.blob(bytes.fromhex(filed.sha256)))
        assert token is not None
        copies[token][filed.account] += count
    for token, accounts in deeds.promised.items():
        assert copies[token].keys() >= accounts, f"{token} was promised and is lost"
    for token, counts in copies.items():
        assert set(counts.values()) == {1}, f"{token} came twice: {counts}"
        assert counts.keys() <= deeds.attempted[token], f"{token} went astray"
    _check_ledger(seen, deeds)


def _check_ledger(seen: books.Books, deeds: Deeds) -> None:
    """Every promise named a trace, which tells of each account it was for."""
    told: dict[str, set[str]] = defaultdict(set)
    for trace, address in seen.all(
        "SELECT l.trace_id, a.address FROM ledger l JOIN accounts a"
        " ON a.id = l.account_id WHERE l.event = 'DELIVER'"
    ):
        told[trace].add(address)
    for token, traces in deeds.traces.items():
        (trace,) = traces  # LMTP's many answers are about one mail
        assert told[trace] >= deeds.promised[token]


def _check_leftovers(data: Path) -> None:
    """What a killed process was writing is unreadable and out of the way."""
    assert not list(data.glob("incoming-*"))


@pytest.mark.parametrize("engine", ENGINES)
def test_acknowledged_mail_survives_kill_9_once(postwarden: Postwarden) -> None:
    survive(postwarden, rounds=4, seed=SEED)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_acknowledged_mail_survives_many_kills(
    postwarden: Postwarden, seed: int
) -> None:
    survive(postwarden, rounds=25, seed=SEED + 1 + seed)

"""A phishing campaign in a store, and a case over it from the command line."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from postwarden.model.mailboxes import Flag
from postwarden.services import placement
from postwarden.services.ports import UnitOfWork
from tests.e2e import books, mails, world
from tests.e2e.clients import accepted
from tests.e2e.processes import Json, Postwarden

ADA, BOB, EVE, ZOE = (
    *("ada@example.org", "bob@example.org", "eve@example.org"),
    "zoe@example.com",
)
OUTCOMES = {
    *("removed", "already-gone", "moved", "held", "excluded", "failed", "pending"),
}

PHISH = mails.mail("phish", subject="Your invoice")
SAME = mails.mail("phish-again", subject="Your invoice")  # another Message-ID only
VARIANT = mails.mail(
    "variant",
    subject="Your invoice",
    author="trudy@example.net",
    date="Sat, 21 Nov 2026 11:11:11 +0000",
)
SAME_ID = mails.mail("reused", subject="Lunch?", message_id="<phish@example.net>")
FORWARDED = mails.forwarding("forwarded", PHISH)
INNOCENT = mails.mail("innocent", author="friend@example.net", body="Hello.\r\n")
PHISHING = f"similar:{hashlib.sha256(PHISH).hexdigest()}"
CLASSES = {
    **dict.fromkeys([(ADA, "phish"), (BOB, "phish"), (ZOE, "phish")], "exact"),
    **dict.fromkeys([(EVE, "phish-again"), (ZOE, "phish-again")], "same"),
    **dict.fromkeys([(ADA, "variant"), (ZOE, "variant")], "variant"),
}


def build(made: Path, data: Path) -> None:
    """Let the campaign come over SMTP, and people do something with it."""
    postwarden = Postwarden(world.copied(made, data))
    try:
        serving = postwarden.serve()
        smtp = serving.addresses["smtp"]
        accepted(smtp, [ADA, BOB, ZOE], PHISH)
        accepted(smtp, [EVE, ZOE], SAME)
        accepted(smtp, [ADA, ZOE], VARIANT)
        accepted(smtp, [BOB], FORWARDED, SAME_ID, sender=ADA)
        accepted(smtp, [ADA, BOB, EVE, ZOE], INNOCENT)
        serving.stop()
    finally:
        postwarden.end()
    world.transact(data, _use)


def _use(uow: UnitOfWork) -> None:
    """Ada has read hers and filed it; Zoe has marked hers with a keyword."""
    for address, message_id, flags, keywords in (
        (ADA, "phish@example.net", Flag.SEEN | Flag.FLAGGED, ()),
        (ZOE, "phish-again@example.net", Flag.ANSWERED, ("$Forwarded", "later")),
    ):
        copy = world.copy_of(uow, address, message_id)
        placement.flag(uow, [(copy, flags, keywords)])
    copy = world.copy_of(uow, ADA, "phish@example.net")
    placement.move(uow, [(copy, "Clients/Strange")])


@dataclass(frozen=True)
class Investigation:
    """A case, from the command line."""

    postwarden: Postwarden
    number: str

    def preview(self, *words: str) -> Json:
        shown = self.postwarden.json("case", "preview", self.number, *words)
        assert shown["case"] == int(self.number)
        assert shown["state"] == "previewed"
        plan: Json = shown["plan"]
        assert plan["copies"] == len(plan["items"])
        return plan

    def approve(self, plan: Json) -> None:
        self.postwarden.run("case", "approve", self.number, "--plan", plan["sha256"])

    def run(self) -> Json:
        ended = self.postwarden.json("case", "run", self.number)
        assert ended["state"] == "done"
        outcomes: Json = ended["outcomes"]
        assert outcomes.keys() >= OUTCOMES
        return {name: count for name, count in outcomes.items() if count}

    def carried_out(self, *words: str) -> Json:
        """Preview with `words`, approve and run; return the outcomes."""
        self.approve(self.preview(*words))
        return self.run()

    def residual(self) -> int:
        ended = self.postwarden.run(
            "case", "verify", self.number, "--json", status=None
        )
        (told,) = ended.rows
        assert told["residual"] == len(told["items"])
        assert ended.status == (5 if told["residual"] else 0)
        return int(told["residual"])

    def undo(self, *words: str) -> Json:
        return self.postwarden.json("case", "undo", self.number, *words)


def opened(postwarden: Postwarden, query: str) -> Investigation:
    case = postwarden.json("case", "open", query, "--reason", "phishing")
    return Investigation(postwarden, str(case["case"]))


def snapshot(data: Path) -> Counter[books.Filed]:
    with books.opened(data) as seen:
        assert not seen.faults()
        return seen.filed()

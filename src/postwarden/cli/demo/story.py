"""The loop, played on the demo's store: every number in it is checked.

find, trace, open, preview, approve, run, verify, undo, export, check.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postwarden.cli.demo.campaign import Campaign, texts
from postwarden.cli.demo.people import Person
from postwarden.cli.demo.terminal import DemoFailed, Terminal
from postwarden.cli.demo.town import SHELF

EVIDENCE = "evidence-1"

Facts = Mapping[str, Any]


@dataclass(slots=True)
class Story:
    """One playing of the loop.

    `file_away` lets people move their copies, as they would with a mail program.
    """

    terminal: Terminal
    campaign: Campaign
    directory: Path
    file_away: Callable[[Sequence[Person]], Awaitable[None]]
    checks: list[str] = field(default_factory=list)

    async def play(self) -> None:
        """Play it; raises DemoFailed when something is not as it must be."""
        self.terminal.show(f"cd {self.directory}")
        self.terminal.show("export POSTWARDEN_DATA=$PWD")
        await self._look()
        await self._plan()
        await self._take_back(await self._remove())
        await self._prove()

    async def _look(self) -> None:
        say, type_ = self.terminal.tell, self.terminal.type
        campaign = self.campaign
        say(
            f"{campaign.reporter.name} has sent the help desk a mail that asks for a "
            "password. Who else has it? The words of its subject stand in honest mail "
            "and in reports as well:"
        )
        await type_("find", f'subject:"{texts()["words"]}"', "--count")
        say(
            "`similar:` compares content. It finds every copy, whatever its "
            "Message-ID: the same bytes (exact), the same mail under another "
            "Message-ID (same), and the same text under another name or date "
            "(variant)."
        )
        await type_("find", self._similar, lines=6)
        await type_("find", self._similar, "--count")
        [found] = await self.terminal.ask("find", self._similar, "--count")
        self._expect(
            "similar: finds the campaign and nothing else",
            found,
            {
                "messages": campaign.messages,
                "copies": campaign.copies,
                "accounts": len(campaign.victims),
            },
        )
        say("One of the mails went to a list. The ledger knows what became of it:")
        await type_("trace", f"message-id:{campaign.list_message_id}")

    async def _plan(self) -> None:
        say, type_ = self.terminal.tell, self.terminal.type
        say("A case is opened, with a reason. Nothing is touched before `run`.")
        reason = "phishing reported to the help desk"
        await type_("case", "open", self._similar, "--reason", reason)
        say(
            "The preview freezes a plan: each copy by account, mailbox, UID and "
            "SHA-256. Exact and same copies are in it; variants are included on "
            "request; mails that carry one as an attachment are only reported."
        )
        await type_("case", "preview", "1", "--include", "variant", lines=29)
        plan = (await self._status())["plan"]
        counts = {c["class"]: (c["copies"], c["included"]) for c in plan["counts"]}
        self._expect(
            "the preview counts each class",
            {name: count for name, count in counts.items() if count[0]},
            {
                "exact": (1, True),
                "same": (self.campaign.same - 1, True),
                "variant": (self.campaign.variants, True),
                "attached": (self.campaign.attached, False),
            },
        )
        self._expect("the plan has all", plan["copies"], self.campaign.copies)
        say("The plan has a hash. An approval names it, and is void for any other.")
        await type_("case", "approve", "1", "--plan", plan["sha256"])

    async def _remove(self) -> Sequence[Facts]:
        """Run the plan; return the copies as they were just before."""
        say, type_ = self.terminal.tell, self.terminal.type
        mover = self.campaign.late_mover
        say(
            f"Meanwhile {mover.name} files a copy in {SHELF}. The plan names "
            "copies, and a copy that was moved is still that copy."
        )
        await self.file_away([mover])
        before = await self._copies()
        await type_("case", "run", "1")
        outcomes = (await self._status())["outcomes"]
        self._expect(
            "every copy was removed",
            {name: count for name, count in outcomes.items() if count},
            {"removed": self.campaign.copies - 1, "moved": 1},
        )
        say("Search again, everywhere, late arrivals included:")
        await type_("case", "verify", "1")
        victim = self.campaign.reporter.address
        say("What was removed is contained: in no mailbox, and not gone.")
        await type_("find", self._similar, f"account:{victim}", "--count")
        await type_("find", self._similar, f"account:{victim}", "--state", "any")
        live = await self._copies()
        self._expect("no mailbox has a copy", len(live), 0)
        return before

    async def _take_back(self, before: Sequence[Facts]) -> None:
        say, type_ = self.terminal.tell, self.terminal.type
        say("Suppose it was a mistake. Undo puts every copy back:")
        await type_("case", "undo", "1")
        after = await self._copies()
        self._expect("undo restored every copy", len(after), self.campaign.copies)
        self._expect(
            "account, mailbox, flags, date and SHA-256 are as before",
            sorted(map(_lasting, after)),
            sorted(map(_lasting, before)),
        )

    async def _prove(self) -> None:
        say, type_ = self.terminal.tell, self.terminal.type
        say("The evidence is a directory that stands for itself:")
        await type_("case", "export", "1", "--to", EVIDENCE)
        await type_("case", "check", EVIDENCE)
        sent = {
            hashlib.sha256(content).hexdigest(): content
            for content in self.campaign.contents
        }
        mails = (self.directory / EVIDENCE / "messages").iterdir()
        kept = {mail.stem: mail.read_bytes() for mail in mails}
        self._expect("the evidence has the octets that were sent", kept, sent)

    @property
    def _similar(self) -> str:
        return f"similar:{self.campaign.message_id}"

    async def _copies(self) -> list[Facts]:
        return await self.terminal.ask("find", self._similar)

    async def _status(self) -> Facts:
        [status] = await self.terminal.ask("case", "status", "1")
        facts: Facts = status
        return facts

    def _expect(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            raise DemoFailed(f"{what}: expected {wanted!r:.300}, found {found!r:.300}")
        self.checks.append(what)


def _lasting(copy: Facts) -> tuple[object, ...]:
    """Return what of a copy undo gives back; the UID is new (RFC 9051 §2.3.1.1)."""
    names = ("account", "mailbox", "flags", "internal_date", "size", "sha256")
    return tuple(copy[name] for name in names)

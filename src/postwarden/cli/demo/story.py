"""The loop, played on the demo's store: every number in it is checked.

find, trace, open, preview, approve, run, verify, undo, export, check.
"""

import hashlib
import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from postwarden.cli.demo import town
from postwarden.cli.demo.campaign import Campaign, texts
from postwarden.cli.demo.terminal import DemoFailed, Terminal
from postwarden.model.actors import OPERATOR
from postwarden.model.cases import MatchClass, Outcome
from postwarden.services.cases import reading
from postwarden.services.cases.reading import Status
from postwarden.services.cases.rules import CaseRules
from postwarden.services.ports import CopyFacts, Store

EVIDENCE = "evidence-1"


@dataclass(slots=True)
class Story:
    """One playing of the loop; `checks` says what held.

    Commands are typed at `terminal`; what they did is looked up in `store`.
    """

    terminal: Terminal
    store: Store
    campaign: Campaign
    directory: Path
    checks: list[str] = field(default_factory=list)

    async def play(self) -> None:
        """Play it; raises DemoFailed when something is not as it must be."""
        self.terminal.show(f"cd {shlex.quote(str(self.directory))}")
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
        self._expect(
            "similar: finds the campaign and nothing else",
            sorted(copy.address for copy in await self._copies()),
            sorted(person.address for person in campaign.victims),
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
        plan = (await self._status()).plan
        if plan is None or plan.sha256 is None:
            raise DemoFailed("the preview made no plan")
        self._expect(
            "the preview counts each class",
            {each.match_class: each.copies for each in plan.counts if each.copies},
            {
                MatchClass.EXACT: 1,
                MatchClass.SAME: self.campaign.same - 1,
                MatchClass.VARIANT: self.campaign.variants,
                MatchClass.ATTACHED: self.campaign.attached,
            },
        )
        self._expect("the plan has them all", plan.copies, self.campaign.copies)
        say(
            "The plan has a hash. An approval names it, and is void for any other. A "
            "plan of over 100 copies takes a second person; a smaller one is better "
            "for it: Carol may approve what others plan, and has a key."
        )
        await type_("admin", "create", "carol", "--role", "approver")
        key = json.loads(await type_("key", "create", "--actor", "carol", "--json"))
        approval = ("case", "approve", "1", "--plan", plan.sha256.hex())
        await type_(*approval, "--key", key["secret"])
        self._expect(
            "the approval is another person's than the plan",
            [each.actor for each in (await self._status()).approvals],
            ["carol"],
        )

    async def _remove(self) -> Sequence[CopyFacts]:
        """Run the plan; return the copies as they were just before."""
        say, type_ = self.terminal.tell, self.terminal.type
        mover = self.campaign.late_mover
        say(
            f"Meanwhile {mover.name} files a copy in {town.SHELF}. The plan names "
            "copies, and a copy that was moved is still that copy."
        )
        await self.store.transact(town.file_it, self.campaign.message_id, [mover])
        before = await self._copies()
        await type_("case", "run", "1")
        self._expect(
            "every copy was removed",
            (await self._status()).outcomes,
            {Outcome.REMOVED: self.campaign.copies - 1, Outcome.MOVED: 1},
        )
        say("Search again, everywhere, late arrivals included:")
        await type_("case", "verify", "1")
        victim = self.campaign.reporter.address
        say("What was removed is contained: in no mailbox, and not gone.")
        await type_("find", self._similar, f"account:{victim}", "--count")
        await type_("find", self._similar, f"account:{victim}", "--state", "any")
        self._expect("no mailbox has a copy", await self._copies(), [])
        return before

    async def _take_back(self, before: Sequence[CopyFacts]) -> None:
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

    async def _copies(self) -> list[CopyFacts]:
        return await self.store.read(town.copies_like, self.campaign.message_id)

    async def _status(self) -> Status:
        return await self.store.read(reading.status, OPERATOR, 1, CaseRules())

    def _expect(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            raise DemoFailed(f"{what}: expected {wanted!r:.300}, found {found!r:.300}")
        self.checks.append(what)


def _lasting(copy: CopyFacts) -> tuple[object, ...]:
    """Return what of a copy undo gives back; the UID is new (RFC 9051 §2.3.1.1)."""
    state = (copy.mailbox, copy.flags, copy.keywords, copy.internal_date)
    return (copy.address, *state, copy.size, copy.sha256)

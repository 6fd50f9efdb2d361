"""A case with so many copies in so many accounts that it takes its time."""

import random
from collections import Counter
from pathlib import Path

from postwarden.bootstrap import Platform
from postwarden.model.mailboxes import Flag
from postwarden.model.messages import NewMessage
from postwarden.services import ingest, placement
from postwarden.services.ports import UnitOfWork
from tests.e2e import books, mails, world
from tests.e2e.books import Books, Filed
from tests.e2e.processes import Json, Postwarden, settings

MESSAGES, COPIES = 40, 2500
CAMPAIGN = {f"campaign{number}@example.net" for number in range(MESSAGES)}
QUERY = "from:mallory@example.net"
SMALL_STEPS = settings(cases__batch=10, worker__lease_seconds=5)


def fill(data: Path) -> Counter[Filed]:
    """File copies of forty mails and of an innocent one in all accounts.

    They differ in all that undo must give back; returns them.
    """
    world.using(data, _fill)
    with books.opened(data) as seen:
        assert not seen.faults()
        return seen.filed()


async def _fill(platform: Platform) -> None:
    chance = random.Random(7)
    numbers = []
    for number in range(MESSAGES):
        content = mails.mail(f"campaign{number}")
        message = ingest.new_message(await platform.blobs.put(content), content)
        numbers.append((message, len(content)))
    other = mails.mail("innocent", author="friend@example.net")
    innocent = ingest.new_message(await platform.blobs.put(other), other)
    numbers.append((innocent, len(other)))
    await platform.store.transact(_file, chance, numbers)


def _file(
    uow: UnitOfWork,
    chance: random.Random,
    messages: list[tuple[NewMessage, int]],
) -> None:
    accounts = [world.account_at(uow, text) for text in world.EVERYBODY]
    stored = [(uow.messages.add(message).id, size) for message, size in messages]
    new = []
    for number in range(COPIES):
        account = accounts[number % len(accounts)]
        message, size = stored[number % len(stored)]
        name = chance.choice(["INBOX", "Junk", "Projects/Old", "Trash"])
        new.append(
            placement.NewCopy(
                account=account,
                mailbox=placement.mailbox_named(uow, account, name).id,
                message=message,
                size=size,
                internal_date=uow.now.replace(microsecond=number),
                flags=Flag(chance.randrange(32)),
                keywords=tuple(sorted(chance.sample(["$Junk", "todo", "vip"], 2))),
            )
        )
    placement.file(uow, new)


def approved(postwarden: Postwarden) -> tuple[str, Json]:
    """Open, preview and approve a case over the campaign, alone at night."""
    case = postwarden.json("case", "open", QUERY, "--reason", "phishing")["case"]
    plan: Json = postwarden.json("case", "preview", str(case))["plan"]
    assert plan["approval"]["by"] == "another"
    alone = ("--break-glass", "--reason", "nobody else is awake")
    postwarden.run("case", "approve", str(case), "--plan", plan["sha256"], *alone)
    return str(case), plan


def moved_on(seen: Books, before: Counter[str]) -> int:
    """Return how many items became something else since `before`."""
    return (before - seen.outcomes()).total()

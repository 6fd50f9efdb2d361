"""One item that cannot be acted on never stops the others, nor the undo."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import pytest

from postwarden.model.addresses import Address
from postwarden.model.cases import CaseState, Outcome
from postwarden.model.errors import Invalid
from postwarden.model.mailboxes import Copy, CopyState
from postwarden.services import placement
from tests.e2e import mails
from tests.unit.services.cases.desk import ADA, BOB, EVE, Desk

PHISH = mails.mail("phish", subject="Your invoice")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"


async def account_of(desk: Desk, address: Address) -> int:
    entry = await desk.store.read(lambda uow: uow.directory.find(address))
    assert entry is not None
    assert entry.account is not None
    return entry.account


def break_for(monkeypatch: pytest.MonkeyPatch, name: str, account: int) -> None:
    """Let a function of `placement` fail for the copies of one account."""
    working = getattr(placement, name)

    def breaking(uow: Any, copies: Sequence[Any], *rest: Any, **more: Any) -> Any:
        for each in copies:
            copy: Copy = each if isinstance(each, Copy) else each[0]
            if copy.account == account:
                raise Invalid("the mailbox is beyond repair")
        return working(uow, copies, *rest, **more)

    monkeypatch.setattr(placement, name, breaking)


async def test_a_run_sets_the_failing_item_aside(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.receive(PHISH, ADA, BOB, EVE)
    case = await desk.open(QUERY)
    plan = await desk.preview(case)
    await desk.approve(plan)
    break_for(monkeypatch, "withdraw", await account_of(desk, BOB))

    assert await desk.run(case) == {Outcome.REMOVED: 2, Outcome.FAILED: 1}

    failed = [i for i in await desk.items(plan) if i.outcome is Outcome.FAILED]
    assert [(item.address, item.reason) for item in failed] == [
        ("bob@example.org", "the mailbox is beyond repair")
    ]
    assert await desk.lying() == {("bob@example.org", "INBOX", "Your invoice"): 1}


async def test_an_undo_sets_the_failing_item_aside(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.receive(PHISH, ADA, BOB, EVE)
    case = await desk.open(QUERY)
    await desk.carry_out(case)
    with monkeypatch.context() as broken:
        break_for(broken, "restore", await account_of(desk, BOB))

        undone = await desk.undo(case)

    assert (undone.state, undone.restored, undone.failed) == (CaseState.DONE, 2, 1)
    assert await desk.lying(CopyState.CONTAINED) == {
        ("bob@example.org", "INBOX", "Your invoice"): 1
    }

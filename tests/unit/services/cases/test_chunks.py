"""What each chunk of a run or an undo leaves in the audit log."""

from hashlib import sha256
from typing import Any

from postwarden.model.actors import OPERATOR
from postwarden.model.cases import Action
from postwarden.services import audit
from tests.e2e import mails
from tests.unit.services.cases.desk import ADA, BOB, EVE, Desk

PHISH = mails.mail("phish", subject="Your invoice")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"


async def chunks(desk: Desk, action: str) -> list[dict[str, Any]]:
    entries = await desk.store.read(audit.page, OPERATOR, limit=99)
    return [dict(each.after or {}) for each in entries if each.action == action]


async def test_each_chunk_says_what_it_removed_in_numbers(desk: Desk) -> None:
    await desk.receive(PHISH, ADA, BOB, EVE)
    desk.batch = 2
    case = await desk.open(QUERY)
    plan = await desk.preview(case, action=Action.DELETE)
    await desk.approve(plan)
    await desk.run(case)

    common = {"plan": plan.sha256 and plan.sha256.hex(), "action": "delete"}
    assert await chunks(desk, "case.act") == [
        {
            **common,
            "items": [1, 2],
            "outcomes": {"removed": 2},
            "accounts": 2,
            "octets": 2 * len(PHISH),
        },
        {
            **common,
            "items": [3, 3],
            "outcomes": {"removed": 1},
            "accounts": 1,
            "octets": len(PHISH),
        },
    ]


async def test_each_chunk_says_what_it_gave_back(desk: Desk) -> None:
    await desk.receive(PHISH, ADA, BOB)
    case = await desk.open(QUERY)
    await desk.carry_out(case)
    await desk.undo(case)

    (given,) = await chunks(desk, "case.return")
    assert (given["items"], given["outcomes"]) == ([1, 2], {"restored": 2})

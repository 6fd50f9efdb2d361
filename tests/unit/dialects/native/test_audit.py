"""The audit log over our own API: what it answers is what the hashes are over."""

from postwarden.model.audit import ChainCheck
from tests.support.api import Client
from tests.support.factories import Clock


async def test_entries_can_be_checked_as_they_are_answered(
    api: Client, clock: Clock
) -> None:
    """Times with and without a fraction, text beyond ASCII: as docs/audit.md says."""
    for number, seconds in enumerate((0.0, 1.5, 0.000001, 60.0)):
        clock.forward(seconds=seconds)
        name = f"d{number}.example.org"
        body = {"domain": name}
        assert (await api("POST", "/domains", body=body)).status == 201

    rows = (await api.get("/audit")).json["items"]

    chain = ChainCheck()
    assert [chain.problem(row) for row in rows] == [None] * 4
    fractions = [row["time"][19:] for row in rows]
    assert fractions == ["Z", ".500000Z", ".500001Z", ".500001Z"]

"""What running Apache James servers answered, held against ours, step by step."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from postwarden.dialects.james.authentication import Bearers
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.addresses import Address
from postwarden.model.errors import Unauthenticated
from postwarden.services import access, domains, owners
from postwarden.services.mailboxes import appending
from postwarden.services.ports import UnitOfWork
from tests.support.exchanges import deviations
from tests.support.exchanges.kinds import JAMES
from tests.support.exchanges.playing import Act, Player, through
from tests.unit.dialects.james.conftest import LOCAL, Village
from tests.unit.dialects.james.tokens import KEY, TOKENS

FOLDER = Path(__file__).parent
DEVIATIONS = deviations.read(FOLDER / "deviations.toml")
RECORDINGS = sorted(
    f"{path.parent.name}/{path.stem}" for path in FOLDER.glob("3.6.2-*/*.jsonl")
)


async def nobody(secret: str, **_: object) -> Actor:
    raise Unauthenticated


def _acting(village: Village) -> Act:
    """Do what IMAP did in a recording, over our services."""

    async def act(action: Mapping[str, Any]) -> None:
        address = Address.parse(action["user"])
        owner = await village.store.read(_owner, address)
        for verb, mailbox, content in action["commands"]:
            assert verb == "append"
            mail = content.replace("\n", "\r\n").encode()
            await appending.append(village.store, village.blobs, owner, mailbox, mail)

    return act


def _owner(uow: UnitOfWork, address: Address) -> Actor:
    return owners.owner(access.account(uow, OPERATOR, address), dialect="test")


@pytest.mark.parametrize("recording", RECORDINGS)
async def test_calls_are_answered_as_recorded(recording: str) -> None:
    village = Village()
    await village.store.transact(domains.create, OPERATOR, LOCAL)
    if "jwt" in recording:
        village.authenticate = Bearers(
            nobody, jwt_key=KEY.public_key(), clock=village.clock
        )
    player = Player(
        through(village.client), kinds=JAMES, variables=TOKENS, act=_acting(village)
    )
    steps = deviations.applied(FOLDER, recording, DEVIATIONS)
    assert await player.play(steps) == []


def test_what_deviates_is_recorded() -> None:
    assert {each.recording for each in DEVIATIONS} <= set(RECORDINGS)

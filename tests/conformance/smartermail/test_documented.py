"""What SmarterMail's documents and its clients say of each call, held against ours."""

from pathlib import Path

import pytest

from tests.support.exchanges import documented
from tests.support.exchanges.kinds import DOCUMENTED
from tests.support.exchanges.playing import Player, through
from tests.unit.dialects.smartermail.conftest import PASSWORD, Town

EXCHANGES = sorted(Path(__file__).parent.glob("*.yaml"))


@pytest.mark.parametrize("path", EXCHANGES, ids=lambda path: path.stem)
async def test_calls_are_answered_as_documented(furnished: Town, path: Path) -> None:
    tokens = {
        name.partition("@")[0]: (await furnished.log_in(name)).json["accessToken"]
        for name in ("root", "carol", "ada@example.org")
    }
    player = Player(
        through(furnished.client),
        kinds=DOCUMENTED,
        variables={"password": PASSWORD, **tokens},
    )
    assert await player.play(documented.read(path)) == []

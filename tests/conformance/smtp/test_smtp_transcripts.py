"""Every transcript beside this file, against a desk in memory."""

from pathlib import Path

import pytest

from tests.support.smtp_conformance import play_on_scripted_desk
from tests.support.smtp_player import read_transcript

TRANSCRIPTS = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_the_conversation_goes_as_written(path: Path) -> None:
    desk = await play_on_scripted_desk(read_transcript(path))

    assert all(not content.buffer() for content in desk.contents), "left open"


def test_there_are_transcripts() -> None:
    assert len(TRANSCRIPTS) > 15

"""Where we answer otherwise than a recording, and why."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.exchanges import james
from tests.support.exchanges.steps import Recorded, Step


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """Some steps of a recording that are answered otherwise, for one reason.

    `answers` has a status, and a body unless it is not compared, by the number of the
    step; other `steps` are answered as the recording `like` has them.
    """

    recording: str
    reason: str
    answers: Mapping[int, str]
    steps: Sequence[int] = ()
    like: str | None = None

    @property
    def numbers(self) -> list[int]:
        return sorted({*self.answers, *self.steps})


def read(path: Path) -> list[Deviation]:
    """Return the deviations that a file has."""
    return [
        Deviation(
            recording=each["recording"],
            reason=each["reason"],
            answers={int(n): text for n, text in each.get("answers", {}).items()},
            steps=each.get("steps", ()),
            like=each.get("as"),
        )
        for each in tomllib.loads(path.read_text("utf-8"))["deviation"]
    ]


def applied(
    folder: Path, recording: str, deviations: Iterable[Deviation]
) -> Iterator[Step]:
    """Yield the steps of a recording, with our answers where they are other ones."""
    expected: dict[int, Recorded] = {}
    for each in deviations:
        if each.recording == recording:
            for number in each.numbers:
                assert number not in expected, f"{recording} {number} deviates twice"
            expected.update(_expected(folder, each))
    for number, step in enumerate(james.read(folder / f"{recording}.jsonl"), start=1):
        if number not in expected:
            yield step
            continue
        # What deviates by nothing is no deviation.
        assert step.recorded != expected[number], f"{step.name} does not deviate"
        yield replace(step, recorded=expected.pop(number), volatile={})
    assert not expected, f"{recording} has no steps {sorted(expected)}"


def _expected(folder: Path, deviation: Deviation) -> Iterator[tuple[int, Recorded]]:
    for number, text in deviation.answers.items():
        status, blank, body = text.partition(" ")
        yield number, Recorded(status=int(status), body=body if blank else None)
    if deviation.like:
        name = deviation.recording.rpartition("/")[2]
        steps = list(james.read(folder / deviation.like / f"{name}.jsonl"))
        for number in deviation.steps:
            yield number, steps[number - 1].recorded

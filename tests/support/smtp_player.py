r"""Plays SMTP transcripts against a listener.

A transcript is a text file of lines:

    # a comment
    @ word word             what the listener must be; see `Transcript.settings`
    C: EHLO client.example  sent with CRLF
    B: b"bare\n"            sent as these bytes, nothing added; b"x" * 9 + b"y" too
    S: 250 {rest}           expected, to the octet but for the placeholders
    X: starttls             a TLS handshake by the client
    X: closed               the server closes, and has sent nothing else

Lines of the client that follow one another leave in one write, as a pipelined
group. Placeholders are {word}, {number} and {rest}. At the end of a transcript
in the clear the client shuts its side, and nothing more may come.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.smtp_server import Client

_PLACEHOLDERS = {"word": r"\S+", "number": r"[0-9]+", "rest": r".*"}


@dataclass(frozen=True)
class Step:
    """One line of a transcript: its mark and its text."""

    number: int
    mark: str
    text: str

    @property
    def octets(self) -> bytes:
        if self.mark == "C":
            return self.text.encode() + b"\r\n"
        return b"".join(map(_literal, self.text.split(" + ")))


@dataclass(frozen=True)
class Transcript:
    """`settings` are the words of the `@` lines."""

    name: str
    settings: list[list[str]]
    steps: list[Step]


def _literal(text: str) -> bytes:
    literal, _, times = text.partition('" * ')
    octets = ast.literal_eval(literal + '"' if times else literal)
    assert isinstance(octets, bytes)
    return octets * int(times or 1)


def read_transcript(path: Path) -> Transcript:
    settings: list[list[str]] = []
    steps: list[Step] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("@"):
            settings.append(line[1:].split())
            continue
        mark, _, text = line.partition(":")
        assert mark in {"C", "B", "S", "X"}, f"{path}:{number}: {line}"
        steps.append(Step(number, mark, text.removeprefix(" ")))
    return Transcript(path.name, settings, steps)


async def play(transcript: Transcript, client: Client) -> None:
    """Play it to its end; an AssertionError names the line that fails."""
    in_the_clear = True
    for group in _groups(transcript.steps):
        step = group[0]
        where = f"{transcript.name}:{step.number}"
        if step.mark in "CB":
            client.send(b"".join(sent.octets for sent in group))
        elif step.mark == "S":
            await _expect(client, step, where)
        elif step.text == "starttls":
            await client.start_tls()
            in_the_clear = False
        else:
            assert step.text == "closed", where
            assert await client.rest() == b"", where
            return
    if in_the_clear:
        client.writer.write_eof()
        assert await client.rest() == b"", f"{transcript.name}: more at the end"


async def _expect(client: Client, step: Step, where: str) -> None:
    line = (await client.reader.readline()).decode("ascii")
    assert re.fullmatch(_pattern(step.text) + "\r\n", line), (
        f"{where}: expected {step.text!r}, got {line!r}"
    )


def _pattern(text: str) -> str:
    parts = re.split(r"\{(word|number|rest)\}", text)
    return "".join(
        _PLACEHOLDERS[part] if index % 2 else re.escape(part)
        for index, part in enumerate(parts)
    )


def _groups(steps: list[Step]) -> Iterator[list[Step]]:
    group: list[Step] = []
    for step in steps:
        if group and not (step.mark in "CB" and group[-1].mark in "CB"):
            yield group
            group = []
        group.append(step)
    if group:
        yield group

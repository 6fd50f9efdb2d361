"""A week of office mail, from the threads in `letters/`."""

import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from postwarden.cli.demo.mail import Letter, Mail, compose, mail_of
from postwarden.cli.demo.people import ELSEWHERE, Company, Person

DAYS = 7
_LATEST = timedelta(hours=2)  # before now; what comes later would lie in the future
_WORK = (7, 19)  # hours in which people write
_QUOTING = {
    "en": "On {date}, {name} wrote:",
    "fr": "Le {date}, {name} a écrit :",
    "de": "Am {date} schrieb {name}:",
    "it": "Il {date} {name} ha scritto:",
    "es": "El {date}, {name} escribió:",
    "pt": "Em {date}, {name} escreveu:",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Thread:
    """A conversation as `letters/` tells it; braces stand for what is drawn."""

    language: str
    words: Mapping[str, Sequence[str]]
    facts: Mapping[str, Any]

    @property
    def posts(self) -> Sequence[Mapping[str, Any]]:
        posts: Sequence[Mapping[str, Any]] = self.facts["post"]
        return posts


def week(
    companies: Sequence[Company],
    strangers: Mapping[str, Sequence[Person]],
    count: int,
    now: datetime,
    dice: random.Random,
) -> list[Mail]:
    """Return `count` mails of the week before `now`, in order of time."""
    threads = _Threads(companies, dice)
    mails: list[Mail] = []
    while len(mails) < count:
        company, thread = threads.draw()
        mails += _telling(company, thread, strangers, dice).mails(now, dice)
    return sorted(mails[:count], key=lambda mail: mail.time)


class _Threads:
    """Draws threads; every one is told once before one is told again."""

    def __init__(self, companies: Sequence[Company], dice: random.Random) -> None:
        self._companies, self._dice = companies, dice
        self._told: list[_Thread] = []
        self._left: list[_Thread] = []

    def draw(self) -> tuple[Company, _Thread]:
        """Return a company and a thread in a language of its people."""
        if not self._left:
            again = [each for each in self._told if not each.facts.get("once")]
            self._left = again or list(_all_threads())
            self._told = []
            self._dice.shuffle(self._left)
        thread = self._left.pop()
        self._told.append(thread)
        shared = thread.facts.get("to")
        able = [
            each
            for each in self._companies
            if thread.language == ELSEWHERE or each.speakers(thread.language)
            if shared is None or each.has(shared)
        ]
        return self._dice.choice(able), thread


@cache
def _all_threads() -> tuple[_Thread, ...]:
    folder = files("postwarden.cli.demo") / "letters"
    return tuple(
        _Thread(language=name, words=told["words"], facts=facts)
        for name in ("de", ELSEWHERE, "en", "es", "fr", "it", "pt")
        for told in [tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))]
        for facts in told["thread"]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Telling:
    """One telling of a thread: who plays whom, and what was drawn for braces."""

    company: Company
    thread: _Thread
    cast: Mapping[str, Person]
    drawn: Mapping[str, object]

    def mails(self, now: datetime, dice: random.Random) -> Iterator[Mail]:
        time = _start(now, dice)
        said: list[Letter] = []
        answers: list[str] = []
        for post in self.thread.posts:
            if time > now - _LATEST:
                return  # the rest of it is still to be written
            said.append(self._letter(post, time, said, answers))
            message = compose(said[-1], dice)
            answers.append(str(message["Message-ID"]))
            yield mail_of(said[-1], message)
            minutes = dice.choice((4, 11, 25, 70, 190))
            time += timedelta(minutes=minutes, seconds=dice.randrange(60))

    def _letter(
        self,
        post: Mapping[str, Any],
        time: datetime,
        said: Sequence[Letter],
        answers: Sequence[str],
    ) -> Letter:
        author = self.cast[post["by"]]
        subject = self._filled(self.thread.facts["subject"])
        text = self._filled(post["text"].strip()) + "\n"
        if author.is_here and not post.get("html"):
            text += f"\n-- \n{author.name}, {self.company.name}\n"
        if said and post.get("quote"):
            text += f"\n{_quoted(said[-1])}"
        shared = self.thread.facts.get("to") if "to" not in post else None
        is_list = shared in self.company.lists
        return Letter(
            time=time,
            author=author,
            header_to=[(shared.title(), self.company.address(shared))]
            if shared
            else self._people(post["to"]),
            cc=self._people(post.get("cc", ())),
            subject=f"Re: {subject}" if said else subject,
            text=text,
            html=post.get("html", False),
            file=self._filled(post["file"]) if "file" in post else None,
            charset=self.thread.facts.get("charset", "utf-8"),
            answers=tuple(answers),
            list_id=f"{shared}.{self.company.domain}" if is_list else None,
        )

    def _filled(self, text: str) -> str:
        return text.format_map(self.drawn)

    def _people(self, roles: Sequence[str]) -> list[tuple[str, str]]:
        return [(self.cast[role].name, self.cast[role].address) for role in roles]


def _telling(
    company: Company,
    thread: _Thread,
    strangers: Mapping[str, Sequence[Person]],
    dice: random.Random,
) -> _Telling:
    language = thread.language
    able = company.people if language == ELSEWHERE else company.speakers(language)
    cast = dict(zip("abc", dice.sample(able, 3), strict=True))
    cast["x"] = dice.choice(strangers[language])
    cast["robot"] = Person(
        name=f"{company.name} system",
        address=f"noreply@system.{company.domain}",
        language=language,
        is_here=False,
    )
    drawn: dict[str, object] = {"n": dice.randrange(20, 990)}
    for name, choices in thread.words.items():
        drawn[name], drawn[f"{name}2"] = dice.sample(choices, 2)
    drawn.update({role: person.given for role, person in cast.items()})
    drawn["x"] = cast["x"].name
    return _Telling(company=company, thread=thread, cast=cast, drawn=drawn)


def _start(now: datetime, dice: random.Random) -> datetime:
    """Return a moment of the week: seldom at night, seldom on a weekend."""
    while True:
        time = now - timedelta(seconds=dice.uniform(0, DAYS * 86_400))
        unusual = time.weekday() >= 5 or not _WORK[0] <= time.hour < _WORK[1]
        if time < now - _LATEST and (not unusual or dice.random() < 0.08):
            return time.replace(microsecond=0)


def _quoted(letter: Letter) -> str:
    attribution = _QUOTING[letter.author.language].format(
        date=letter.time.date().isoformat(), name=letter.author.name
    )
    body = letter.text.partition("\n-- \n")[0].strip()
    return f"{attribution}\n" + "".join(f"> {line}\n" for line in body.split("\n"))

"""The phishing campaign of the demo, which the case is about.

Three quarters of it come in one burst: same author, date and text, each under a
Message-ID of its own (class `same`), one of them through a list. The rest is sent
by hand later, under other names and dates (class `variant`). Two people forward
their copy to the help desk as an attachment (class `attached`).
"""

import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import cache
from importlib.resources import files
from typing import Any

from postwarden.cli.demo.mail import Letter, Mail, compose, mail_of, settle_boundaries
from postwarden.cli.demo.people import Company, Person


@cache
def texts() -> Mapping[str, Any]:
    """Return what the campaign's mails say; `words` stand in every subject."""
    folder = files("postwarden.cli.demo") / "letters"
    return tomllib.loads((folder / "campaign.toml").read_text("utf-8"))


_SENDER = Person(
    name="Mail Administration",
    address="notice@mailbox-desk.example",
    language="en",
    is_here=False,
)
_LATER_NAMES = ("Mailbox Team", "Storage Service", "Account Desk", "Quota Notice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """The campaign's mails, and the numbers that a case must come to.

    `message_id` is of the mail that `reporter` reports, `list_message_id` of the one
    that a list multiplied; `victims` have one copy each, `readers` are those of them
    who opened it, `movers` of the readers those who filed it elsewhere, and
    `late_mover` files it while a plan waits.
    """

    mails: Sequence[Mail]
    contents: Sequence[bytes]  # of the campaign's own mails
    reporter: Person
    late_mover: Person
    message_id: str
    list_message_id: str
    victims: Sequence[Person]
    readers: Sequence[Person]
    movers: Sequence[Person]
    same: int  # copies that came in the burst, the reported one included
    variants: int
    attached: int
    honest: int  # mails that only look like it
    messages: int  # different mails of the campaign

    @property
    def copies(self) -> int:
        return self.same + self.variants


def campaign(
    companies: Sequence[Company], copies: int, now: datetime, dice: random.Random
) -> Campaign:
    """Return a campaign that leaves `copies` copies, one for each victim."""
    members = companies[0].lists["press"]
    variants = copies // 4
    direct = copies - variants - len(members)
    desk = companies[0].aliases["helpdesk"]
    able = [
        person
        for company in companies
        for person in company.people
        if person not in (*members, desk, company.away)
    ]
    chosen = dice.sample(able, direct + variants + 3)
    victims, warned = chosen[:-3], chosen[-3:]
    burst = [*_burst(companies[0], victims[:direct], now, dice)]
    later = [*_by_hand(victims[direct:], now, dice)]
    reports = [
        _report(companies[0], victim, message, now, dice)
        for victim, (_, message) in zip(victims[:2], burst[:2], strict=True)
    ]
    question = _question(victims[0], victims[1], burst[0][0].message_id, now, dice)
    honest = _honest(companies[0], warned, now, dice)
    own = [mail for mail, _ in (*burst, *later)]
    readers = [*victims[:3], *dice.sample(victims[3:], copies // 5)]
    return Campaign(
        mails=[*own, *reports, question, *honest],
        contents=[mail.content for mail in own],
        reporter=victims[0],
        late_mover=victims[2],
        message_id=burst[0][0].message_id,
        list_message_id=burst[-1][0].message_id,
        victims=[*members, *victims],
        readers=readers,
        movers=readers[-2:],
        same=direct + len(members),
        variants=variants,
        attached=len(reports),
        honest=len(honest),
        messages=len(own),
    )


def _burst(
    company: Company, victims: Sequence[Person], now: datetime, dice: random.Random
) -> Iterator[tuple[Mail, EmailMessage]]:
    """Yield the mails of the burst, the last one to a list."""
    sent = (now - timedelta(hours=26)).replace(microsecond=0)
    recipients = [(person.name, person.address) for person in victims]
    for number, recipient in enumerate([*recipients, ("", company.address("press"))]):
        letter = _letter(_SENDER, sent, recipient)
        message = compose(letter, dice)
        arrives = sent + timedelta(seconds=20 + 9 * number)
        yield replace(mail_of(letter, message), time=arrives), message


def _by_hand(
    victims: Sequence[Person], now: datetime, dice: random.Random
) -> Iterator[tuple[Mail, EmailMessage]]:
    sent = (now - timedelta(hours=20)).replace(microsecond=0)
    pause = 15 * 3600 / len(victims)  # seconds
    for person in victims:
        sent += timedelta(seconds=int(pause * dice.uniform(0.6, 1)))
        name = dice.choice(_LATER_NAMES)
        local_part = f"{name.lower().replace(' ', '.')}{dice.randrange(10, 99)}"
        author = replace(_SENDER, name=name, address=f"{local_part}@lakepost.example")
        letter = _letter(author, sent, (person.name, person.address))
        message = compose(letter, dice)
        yield mail_of(letter, message), message


def _letter(author: Person, time: datetime, recipient: tuple[str, str]) -> Letter:
    return Letter(
        time=time,
        author=author,
        header_to=[recipient],
        **texts()["phishing"],
        html=True,
    )


def _report(
    company: Company,
    victim: Person,
    suspect: EmailMessage,
    now: datetime,
    dice: random.Random,
) -> Mail:
    letter = Letter(
        time=(now - timedelta(minutes=dice.randrange(45, 90))).replace(microsecond=0),
        author=victim,
        header_to=[("Help desk", company.address("helpdesk"))],
        subject=texts()["report"]["subject"],
        text=texts()["report"]["text"].format(name=victim.name),
    )
    message = compose(letter, dice)
    message.add_attachment(suspect)
    settle_boundaries(message, dice)
    return mail_of(letter, message)


def _question(
    author: Person,
    neighbour: Person,
    message_id: str,
    now: datetime,
    dice: random.Random,
) -> Mail:
    """Return an answer to the mail, which a case counts as related."""
    letter = Letter(
        time=(now - timedelta(hours=3)).replace(microsecond=0),
        author=author,
        header_to=[(neighbour.name, neighbour.address)],
        answers=[message_id],
        subject=texts()["question"]["subject"],
        text=texts()["question"]["text"].format(
            name=author.given, neighbour=neighbour.given
        ),
    )
    return mail_of(letter, compose(letter, dice))


def _honest(
    company: Company, people: Sequence[Person], now: datetime, dice: random.Random
) -> list[Mail]:
    author = replace(
        company.aliases["helpdesk"],
        name="Help desk",
        address=company.address("helpdesk"),
    )
    letters = (
        Letter(
            time=(now - timedelta(days=3, minutes=number)).replace(microsecond=0),
            author=author,
            header_to=[(person.name, person.address)],
            **texts()["honest"],
        )
        for number, person in enumerate(people)
    )
    return [mail_of(letter, compose(letter, dice)) for letter in letters]

"""The sending side of `bench`: invented mail, brought by a process of its own."""

import random
import smtplib
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from postwarden.model.errors import Unavailable

DOMAIN = "bench.example"
AUTHOR = "notice@campaign.example"  # of the campaign, and of no other mail
SESSIONS = 10  # connections at a time
SIZE = 2048  # octets of a mail
_PATIENCE = 60  # seconds
_LETTERS = "etaoinshrdlucmfw"
_LINE = 10  # words


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Distinct mails, one recipient each, in turn to `accounts` accounts."""

    service: str  # smtp or lmtp
    address: str  # where it listens
    count: int
    accounts: int

    def words(self) -> list[str]:
        """Return it as this module takes it on its command line."""
        return [self.service, self.address, str(self.count), str(self.accounts)]

    @classmethod
    def of_words(cls, words: Sequence[str]) -> Self:
        service, address, count, accounts = words
        return cls(
            service=service, address=address, count=int(count), accounts=int(accounts)
        )


def account(number: int) -> str:
    return f"account{number}@{DOMAIN}"


def bring(load: Load) -> float:
    """Hand all mails over; return the seconds from the first to the last answer.

    Connecting does not count. Raises Unavailable when a mail is not taken.
    """
    mails = list(_mails(load))
    try:
        with ThreadPoolExecutor(SESSIONS) as threads:
            clients = list(threads.map(lambda _: _client(load), range(SESSIONS)))
            began = time.perf_counter()
            shares = [mails[number::SESSIONS] for number in range(SESSIONS)]
            list(threads.map(_bring, clients, shares))
            seconds = time.perf_counter() - began
            list(threads.map(lambda client: client.quit(), clients))
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"{load.service} did not take a mail: {error}") from error
    return seconds


def bring_campaign(address: str, accounts: int, *, recipients: int) -> None:
    """Send one mail to every account, to so many recipients at a time."""
    dice = random.Random(AUTHOR)  # noqa: S311  no secret
    content = _compose(AUTHOR, "Your mailbox is almost full", _words(dice), dice)
    everybody = [account(number) for number in range(accounts)]
    try:
        with smtplib.SMTP(*_place(address), "client.example", _PATIENCE) as client:
            for start in range(0, accounts, recipients):
                part = everybody[start : start + recipients]
                client.sendmail(AUTHOR, part, content)
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"smtp did not take the campaign: {error}") from error


def _client(load: Load) -> smtplib.SMTP:
    protocol = smtplib.LMTP if load.service == "lmtp" else smtplib.SMTP
    client = protocol(*_place(load.address), "client.example", timeout=_PATIENCE)
    client.ehlo_or_helo_if_needed()
    return client


def _bring(client: smtplib.SMTP, mails: Sequence[tuple[str, bytes]]) -> None:
    for forward_path, content in mails:
        client.sendmail("somebody@client.example", forward_path, content)


def _mails(load: Load) -> Iterator[tuple[str, bytes]]:
    dice = random.Random(load.service)  # noqa: S311  no secret
    words = _words(dice)
    for number in range(load.count):
        subject = " ".join(dice.choices(words, k=5))
        content = _compose("somebody@client.example", subject, words, dice)
        yield account(number % load.accounts), content


def _words(dice: random.Random) -> list[str]:
    return ["".join(dice.choices(_LETTERS, k=n % 9 + 2)) for n in range(2000)]


def _compose(
    author: str, subject: str, words: Sequence[str], dice: random.Random
) -> bytes:
    lines = [
        f"From: {author}",
        f"To: everybody@{DOMAIN}",
        f"Subject: {subject}",
        f"Message-ID: <{dice.getrandbits(80):020x}@client.example>",
        "Date: Sat, 21 Nov 2026 10:00:00 +0000",
        "Content-Type: text/plain; charset=utf-8",
        "",
    ]
    size = sum(len(line) + 2 for line in lines)
    while size < SIZE:
        lines.append(" ".join(dice.choices(words, k=_LINE)))
        size += len(lines[-1]) + 2
    return "\r\n".join([*lines, ""]).encode("ascii")


def _place(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{bring(Load.of_words(sys.argv[1:]))}\n")
    except Unavailable as error:
        sys.exit(str(error))

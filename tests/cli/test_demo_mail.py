"""The demo's invented mail: it is what the story says of it, and looks like mail."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from email.utils import parsedate_to_datetime

import pytest

from postwarden.cli.demo.campaign import Campaign, campaign, texts
from postwarden.cli.demo.mail import Mail
from postwarden.cli.demo.people import Company, companies, strangers
from postwarden.cli.demo.town import Reach
from postwarden.cli.demo.week import DAYS, week
from postwarden.services.ingest import new_message

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SIZES = [(50, 40), (200, 420)]


def towns(accounts: int) -> Sequence[Company]:
    return companies(accounts, random.Random(1))


def a_week(accounts: int, mails: int, seed: int = 1) -> list[Mail]:
    dice = random.Random(seed)
    return week(towns(accounts), strangers(dice), mails, NOW, dice)


def phishing(accounts: int) -> Campaign:
    return campaign(towns(accounts), accounts // 5, NOW, random.Random(1))


@pytest.mark.parametrize("accounts", [50, 200, 2000])
def test_there_are_as_many_people_as_asked_for_and_no_two_share_an_address(
    accounts: int,
) -> None:
    addresses = [person.address for town in towns(accounts) for person in town.people]
    shared = [
        town.address(name)
        for town in towns(accounts)
        for name in (*town.aliases, *town.groups, *town.lists)
    ]
    assert len(addresses) == accounts
    assert len({*addresses, *shared}) == len(addresses) + len(shared)
    assert all(address.isascii() for address in addresses)


@pytest.mark.parametrize(("accounts", "mails"), SIZES)
def test_a_week_lies_in_the_past_and_in_order(accounts: int, mails: int) -> None:
    brought = a_week(accounts, mails)
    times = [mail.time for mail in brought]
    assert len(brought) == mails
    assert times == sorted(times)
    assert NOW - timedelta(days=DAYS) <= times[0]
    assert times[-1] < NOW
    for mail in brought:
        date = parsedate_to_datetime(message_from_bytes(mail.content)["Date"])
        assert date == mail.time


def test_the_same_seed_makes_the_same_octets() -> None:
    assert a_week(50, 60) == a_week(50, 60)
    assert a_week(50, 60) != a_week(50, 60, seed=2)


def test_every_mail_is_for_somebody_who_is_there() -> None:
    people = towns(200)
    reach = Reach(people)
    everything = [*a_week(200, 420), *phishing(200).mails]
    assert reach.copies(everything) >= len(everything)
    assert all(reach.copies([mail]) > 0 for mail in everything)


def test_a_week_has_what_office_mail_has() -> None:
    brought = [
        message_from_bytes(mail.content, policy=default) for mail in a_week(200, 420)
    ]
    charsets = {each for mail in brought for each in mail.get_charsets() if each}
    assert {"utf-8", "iso-8859-1", "iso-2022-jp"} <= charsets
    known = {mail["Message-ID"] for mail in brought}
    assert len(known) == len(brought)
    answers = [mail for mail in brought if mail["In-Reply-To"]]
    assert len(answers) > 100
    assert {mail["In-Reply-To"] for mail in answers} <= known
    kinds = {part.get_content_type() for mail in brought for part in mail.walk()}
    assert {"text/html", "application/pdf", "image/png", "text/csv"} <= kinds
    assert sum(mail["List-Id"] is not None for mail in brought) >= 1
    # Nothing was left to be filled in.
    assert not any("{" in str(mail["Subject"]) for mail in brought)


def test_no_line_is_longer_than_smtp_takes() -> None:
    """RFC 5321 §4.5.3.1.6; and every line ends as mail's lines do."""
    for mail in [*a_week(50, 200), *phishing(50).mails]:
        lines = mail.content.split(b"\r\n")
        assert max(map(len, lines)) <= 998
        assert not any(b"\n" in line for line in lines)


@pytest.mark.parametrize("accounts", [50, 200, 2000])
def test_the_campaign_has_the_classes_that_the_story_tells(accounts: int) -> None:
    told = phishing(accounts)
    assert told.copies == accounts // 5
    assert len({person.address for person in told.victims}) == told.copies
    scanned = [new_message(b"", content) for content in told.contents]
    assert len(scanned) == told.messages
    assert len({each.message_id for each in scanned}) == told.messages
    assert len({each.content_fingerprint for each in scanned}) == 1
    burst = scanned[: told.messages - told.variants]
    later = scanned[told.messages - told.variants :]
    assert len({each.fingerprint for each in burst}) == 1
    assert len({each.fingerprint for each in scanned}) == 1 + told.variants
    assert len({each.date for each in later}) == told.variants


def test_what_belongs_to_the_campaign_is_told_from_it() -> None:
    told = phishing(200)
    first = new_message(b"", told.contents[0])
    others = [new_message(b"", mail.content) for mail in told.mails[told.messages :]]
    assert all(each.content_fingerprint != first.content_fingerprint for each in others)
    assert all(texts()["words"] in each.subject for each in others)
    carriers = [each for each in others if each.attached_messages]
    assert len(carriers) == told.attached
    for each in carriers:
        [attached] = each.attached_messages
        assert attached.content_fingerprint is not None
    related = [each for each in others if first.message_id in each.references]
    assert len(related) == 1
    assert len(others) - len(carriers) - len(related) == told.honest


def test_readers_and_movers_are_victims() -> None:
    told = phishing(50)
    victims = {person.address for person in told.victims}
    assert {person.address for person in told.readers} < victims
    assert {person.address for person in told.movers} < victims
    assert told.late_mover not in told.movers
    assert told.reporter not in (*told.movers, told.late_mover)

"""exchangelib asks who and what there is beside mail."""

from datetime import UTC, datetime, timedelta

import pytest
from exchangelib import Account, EWSDateTime, OofSettings

from postwarden.model.actors import OPERATOR
from postwarden.services import administrators, keys
from postwarden.services.administrators import NewAdministrator
from tests.conformance.ews.conftest import Office


@pytest.fixture
def account(office: Office) -> Account:
    return office.account()


def test_administrators_see_which_mailboxes_may_be_searched(office: Office) -> None:
    new = NewAdministrator(name="discovery", role="global-admin")
    office.run(administrators.create, OPERATOR, new)
    key = office.run(keys.create, OPERATOR, "discovery")
    protocol = office.account(username="discovery", password=key.secret).protocol
    found = list(protocol.get_searchable_mailboxes())
    assert [each.primary_smtp_address for each in found] == [
        *("ada@example.org", "bob@example.org")
    ]
    [bob] = protocol.get_searchable_mailboxes(search_filter="bob")
    assert bob.display_name == "Bob"


def test_there_are_no_rooms_delegates_or_rules(account: Account) -> None:
    assert list(account.protocol.get_roomlists()) == []
    assert account.delegates == []
    assert list(account.rules) == []


def test_an_owner_is_out_of_office(account: Account) -> None:
    assert account.oof_settings.state == "Disabled"
    begins = datetime(2030, 1, 1, tzinfo=UTC)
    account.oof_settings = OofSettings(
        state="Scheduled",
        external_audience="Known",
        start=EWSDateTime.from_datetime(begins),
        end=EWSDateTime.from_datetime(begins + timedelta(days=7)),
        internal_reply="away",
        external_reply="out",
    )
    found = account.oof_settings
    assert (found.state, found.start, found.internal_reply) == (
        *("Scheduled", begins, "away"),
    )


def test_there_is_a_time_zone(account: Account) -> None:
    [zone] = account.protocol.get_timezones(return_full_timezone_data=True)
    assert zone.id == "UTC"

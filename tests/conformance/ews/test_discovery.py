"""exchangelib asks who and what there is beside mail."""

import pytest
from exchangelib import Account

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


def test_there_is_a_time_zone(account: Account) -> None:
    [zone] = account.protocol.get_timezones(return_full_timezone_data=True)
    assert zone.id == "UTC"

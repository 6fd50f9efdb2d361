"""exchangelib comes with bearer tokens, and acts in others' places with them."""

import pytest
from exchangelib import (
    DELEGATE,
    IMPERSONATION,
    OAUTH2,
    Account,
    Configuration,
    OAuth2AuthorizationCodeCredentials,
)
from exchangelib.errors import (
    ErrorImpersonateUserDenied,
    ErrorNonExistentMailbox,
    UnauthorizedError,
)
from oauthlib.oauth2 import OAuth2Token

from postwarden.model.actors import OPERATOR
from postwarden.model.addresses import Address
from postwarden.model.permissions import Permission
from postwarden.services import accounts, administrators, domains, keys, roles
from postwarden.services.accounts import NewAccount
from postwarden.services.administrators import NewAdministrator
from tests.conformance.ews.conftest import Office


def account(office: Office, secret: str, address: str, access_type: str) -> Account:
    token = OAuth2Token({"access_token": secret, "token_type": "Bearer"})
    config = Configuration(
        service_endpoint=f"https://{office.address}/EWS/Exchange.asmx",
        credentials=OAuth2AuthorizationCodeCredentials(access_token=token),
        auth_type=OAUTH2,
    )
    return Account(address, config=config, autodiscover=False, access_type=access_type)


@pytest.fixture(scope="module")
def application(office: Office) -> str:
    """Return the key of a program that may act in the mailboxes of one domain."""
    office.run(
        roles.create,
        OPERATOR,
        "impersonation",
        permissions={Permission.ACCOUNT_LOG_IN_AS},
    )
    office.run(domains.create, OPERATOR, "example.com")
    new = NewAccount(address=Address("carol", "example.com"), name="Carol")
    office.run(accounts.create, OPERATOR, new)
    program = NewAdministrator(
        name="program", role="impersonation", domains=["example.org"]
    )
    office.run(administrators.create, OPERATOR, program)
    secret: str = office.run(keys.create, OPERATOR, "program").secret
    return secret


@pytest.mark.parametrize("access_type", [IMPERSONATION, DELEGATE])
def test_a_program_acts_in_the_mailboxes_of_its_domain(
    office: Office, application: str, access_type: str
) -> None:
    office.put(b"Subject: for bob\r\n\r\nHi\r\n", to="bob@example.org")
    bob = account(office, application, "bob@example.org", access_type)
    assert "for bob" in [each.subject for each in bob.inbox.all()]


@pytest.mark.parametrize("access_type", [IMPERSONATION, DELEGATE])
def test_a_mailbox_beyond_its_scope_is_none(
    office: Office, application: str, access_type: str
) -> None:
    for address in ("carol@example.com", "nobody@example.org"):
        with pytest.raises(ErrorNonExistentMailbox):
            _ = account(office, application, address, access_type).inbox.total_count


def test_a_program_without_the_role_acts_for_nobody(office: Office) -> None:
    office.run(
        administrators.create, OPERATOR, NewAdministrator(name="eyes", role="auditor")
    )
    secret = office.run(keys.create, OPERATOR, "eyes").secret
    with pytest.raises(ErrorImpersonateUserDenied):
        _ = account(office, secret, "bob@example.org", IMPERSONATION).inbox.total_count


def test_a_token_that_was_revoked_opens_nothing(office: Office) -> None:
    office.run(
        administrators.create,
        OPERATOR,
        NewAdministrator(name="gone", role="global-admin"),
    )
    key = office.run(keys.create, OPERATOR, "gone")
    bob = account(office, key.secret, "bob@example.org", IMPERSONATION)
    assert bob.inbox.name == "Inbox"
    office.run(keys.revoke, OPERATOR, key.key.id)
    bob.root.clear_cache()
    with pytest.raises(UnauthorizedError):
        _ = account(office, key.secret, "bob@example.org", IMPERSONATION).inbox.name

"""Tokens: given, renewed once, and ended by whatever ends a login."""

from dataclasses import replace

import pyotp
import pytest

from postwarden.model.accounts import AccountState
from postwarden.model.actors import OPERATOR
from postwarden.services import accounts
from postwarden.services.logins import totp
from postwarden.services.ports import UnitOfWork
from tests.support.api import Answered
from tests.support.houses import PlainSealer
from tests.unit.dialects.smartermail.conftest import (
    ADA,
    CAROL,
    NET,
    ORG,
    PASSWORD,
    ROOT,
    Town,
    said,
)
from tests.unit.services.world import at

WRONG = (401, "USERNAME_OR_PASSWORD_INCORRECT")
ENDED = (401, "INVALID_TOKEN")


async def _renew(town: Town, token: str, **more: object) -> Answered:
    body = {"token": token, **more}
    return await town.client("POST", "/auth/refresh-token", body=body)


async def _works(town: Town, token: str) -> bool:
    own = town.bearing(token, domain=ORG, user=ADA)
    return (await own.get("/settings/user")).status == 200


async def test_a_login_says_who_came_and_until_when(town: Town) -> None:
    begun = (await town.log_in()).json
    assert (begun["success"], begun["resultCode"], begun["message"]) == (True, 200, "")
    assert (begun["isAdmin"], begun["isDomainAdmin"]) == (True, False)
    assert begun["accessTokenExpiration"] == "2026-11-21T12:15:00Z"
    assert begun["refreshTokenExpiration"] == "2026-12-21T12:00:00Z"
    assert begun["canViewPasswords"] is False
    carol = (await town.log_in(CAROL)).json
    assert (carol["isAdmin"], carol["isDomainAdmin"]) == (False, True)
    ada = (await town.log_in(ADA)).json
    assert (ada["isAdmin"], ada["isDomainAdmin"]) == (False, False)
    assert ada["emailAddress"] == ada["username"] == ADA


@pytest.mark.parametrize("name", [ROOT, ADA, "nobody", "nobody@example.org", "\0"])
async def test_whatever_is_wrong_is_told_alike(town: Town, name: str) -> None:
    assert said(await town.log_in(name, password="wrong")) == WRONG


async def test_a_second_factor_is_asked_for_behind_a_right_password(
    town: Town,
) -> None:
    app = pyotp.TOTP(pyotp.random_base32())

    def set_up(uow: UnitOfWork) -> None:
        owner = uow.administrators.find(ROOT)
        assert owner is not None
        sealed = PlainSealer().seal(app.secret.encode(), totp.PURPOSE)
        uow.administrators.replace(replace(owner, totp=sealed))

    await town.store.transact(set_up)
    code = app.at(town.clock())
    assert said(await town.log_in()) == (401, "TWO_FACTOR_REQUIRED")
    wrong = await town.log_in(twoFactorCode="000000")
    assert said(wrong) == (401, "INVALID_TWO_FACTOR_CODE")
    for given in ({}, {"twoFactorCode": code}):
        assert said(await town.log_in(password="wrong", **given)) == WRONG
    assert (await town.log_in(twoFactorCode=code)).status == 200
    again = await town.log_in(twoFactorCode=code)
    assert said(again) == (401, "INVALID_TWO_FACTOR_CODE")


async def test_too_many_failures_block(town: Town) -> None:
    for _ in range(10):
        await town.log_in(password="wrong")
    assert said(await town.log_in()) == (403, "LOGIN_BLOCKED")


async def test_an_access_token_ends_and_a_refresh_token_works_once(town: Town) -> None:
    begun = (await town.log_in()).json
    town.clock.forward(minutes=15)
    assert not await _works(town, begun["accessToken"])
    renewed = (await _renew(town, begun["refreshToken"])).json
    assert await _works(town, renewed["accessToken"])
    assert said(await _renew(town, begun["refreshToken"])) == ENDED
    # Whoever came second may be the owner: the thief is out as well.
    assert not await _works(town, renewed["accessToken"])
    assert said(await _renew(town, renewed["refreshToken"])) == ENDED


async def test_a_refresh_token_ends(town: Town) -> None:
    begun = (await town.log_in()).json
    town.clock.forward(days=30)
    assert said(await _renew(town, begun["refreshToken"])) == ENDED


async def test_a_client_has_one_login_of_somebody(town: Town) -> None:
    first = (await town.log_in(clientId="a")).json
    other = (await town.log_in(clientId="b")).json
    again = (await town.log_in(CLIENTID="a")).json
    assert not await _works(town, first["accessToken"])
    for each in (other, again):
        assert await _works(town, each["accessToken"])
    assert said(await _renew(town, other["refreshToken"], clientId="c")) == ENDED


async def test_logging_out_ends_a_login(town: Town) -> None:
    begun = (await town.log_in()).json
    own = town.bearing(begun["accessToken"])
    assert (await own("POST", "/auth/logout")).status == 200
    assert said(await own("POST", "/auth/logout")) == ENDED


async def test_a_new_password_ends_what_the_old_one_opened(town: Town) -> None:
    begun = (await town.log_in(ADA)).json
    assert await _works(town, begun["accessToken"])

    def change(uow: UnitOfWork) -> None:
        accounts.change(uow, OPERATOR, at("ada"), password_hash="another")

    await town.store.transact(change)
    assert not await _works(town, begun["accessToken"])
    assert said(await _renew(town, begun["refreshToken"])) == ENDED
    root = (await town.log_in()).json

    def change_root(uow: UnitOfWork) -> None:
        owner = uow.administrators.find(ROOT)
        assert owner is not None
        uow.administrators.replace(replace(owner, password_hash="another"))

    await town.store.transact(change_root)
    assert not await _works(town, root["accessToken"])


async def test_a_disabled_owner_is_out(town: Town) -> None:
    begun = (await town.log_in(ADA)).json

    def disable(uow: UnitOfWork) -> None:
        off = AccountState.DISABLED
        accounts.change(uow, OPERATOR, at("ada"), state=off)

    await town.store.transact(disable)
    assert not await _works(town, begun["accessToken"])
    assert said(await town.log_in(ADA)) == WRONG


async def test_acting_for_somebody_is_written_down_and_goes_no_further(
    town: Town,
) -> None:
    root = await town.as_(ROOT, domain=ORG)
    given = (
        await root("POST", "/settings/domain/impersonate-user/", body={"email": ADA})
    ).json
    acting = town.bearing(given["impersonateAccessToken"])
    shown = (await acting("GET", "/settings/user", query=f"{ADA}")).json["userData"]
    assert (shown["userName"], shown["createDate"]) == ("ada", "2026-11-21T12:00:00Z")
    listing = await acting("POST", "/settings/domain/account-list-search", body={})
    assert said(listing) == (403, "PERMISSION_DENIED")
    entry = (await town.store.read(lambda u: u.audit.page(limit=999)))[-1]
    assert (entry.actor, entry.on_behalf_of, entry.dialect, entry.action) == (
        *(ROOT, ADA, "smartermail", "account.log-in-as"),
    )
    renewed = (await _renew(town, given["impersonateRefreshToken"])).json
    assert renewed["isImpersonating"]
    assert (
        renewed["refreshTokenExpiration"] == given["impersonateRefreshTokenExpiration"]
    )


async def test_tokens_of_one_domain_open_no_other(town: Town) -> None:
    root = await town.as_()
    given = (await root("POST", f"/settings/sysadmin/manage-domain/{ORG}")).json
    token = given["impersonateAccessToken"]
    path = "/settings/domain/account-list-search"
    assert (await town.bearing(token)("POST", path, body={})).json["totalCount"] == 5
    foreign = await town.bearing(token, domain=NET)("POST", path, body={})
    assert said(foreign) == (403, "PERMISSION_DENIED")
    system = await town.bearing(token)(
        "POST", "/settings/sysadmin/domain-list-search", body={}
    )
    assert said(system) == (403, "PERMISSION_DENIED")


async def test_the_password_is_nowhere_in_what_was_written(town: Town) -> None:
    await town.log_in(ADA)
    assert PASSWORD not in repr(
        await town.store.read(
            lambda u: (u.audit.page(limit=99), u.login_log.page(limit=9))
        )
    )

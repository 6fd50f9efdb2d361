"""Whose a call is, and which domain and account it is about.

A token says who comes. Headers say for whom: `X-SmarterMailDomain` the domain, and
`X-SmarterMailUser` besides the account whose mailbox it is about. Who manages only
some domains has the same answer for a foreign domain and for one that is not there.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Concatenate, ParamSpec, TypeVar

from postwarden.dialects.kit.requests import Request
from postwarden.dialects.smartermail.envelope import Fault
from postwarden.dialects.smartermail.house import DIALECT, House
from postwarden.dialects.smartermail.operations import Reach
from postwarden.model.accounts import Account
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address, domain_name
from postwarden.model.errors import Forbidden, Invalid, NotFound, Unauthenticated
from postwarden.services import access, owners
from postwarden.services.logins import tokens
from postwarden.services.logins.tokens import Bearer
from postwarden.services.ports import UnitOfWork

P = ParamSpec("P")
T = TypeVar("T")

_NOBODY = Actor(name="nobody", dialect=DIALECT)
_LONGEST = 512  # characters of a token
_DOMAIN, _USER = "x-smartermaildomain", "x-smartermailuser"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a handler works with; `domain` is what a call of a domain is about."""

    house: House
    request: Request
    actor: Actor = _NOBODY
    bearer: Bearer | None = None
    domain: str = ""

    async def read(
        self,
        fn: Callable[Concatenate[UnitOfWork, Actor, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a reading service for who calls."""
        return await self.house.store.read(fn, self.actor, *args, **kwargs)

    async def write(
        self,
        fn: Callable[Concatenate[UnitOfWork, Actor, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a writing service for who calls, in one transaction."""
        return await self.house.store.transact(fn, self.actor, *args, **kwargs)

    async def write_each(
        self,
        fn: Callable[[UnitOfWork, Actor, Address], object],
        addresses: Iterable[Address],
    ) -> None:
        """Run a writing service for each address, all in one transaction or none."""
        wanted = list(addresses)

        def every(uow: UnitOfWork) -> None:
            for address in wanted:
                fn(uow, self.actor, address)

        await self.house.store.transact(every)

    async def of(self, domain: str) -> "Call":
        """Return the same call about a domain that its path names; raises NotFound."""
        try:
            name = domain_name(domain)
        except Invalid as error:
            raise NotFound("domain", domain) from error
        await self.house.store.peek(_check_domain, self.actor, name)
        return replace(self, domain=name)

    @property
    def account(self) -> Account | None:
        """The account that the token is for, if it is for one."""
        return self.bearer.account if self.bearer else None

    @property
    def token(self) -> str:
        """The token that the call came with."""
        return token_of(self.request)

    def address(self, text: str, kind: str = "account") -> Address:
        """Return an address of the call's domain, given whole or without it.

        Raises NotFound for one of another domain, Invalid.
        """
        whole = text if "@" in text else f"{text}@{self.domain}"
        address = Address.parse(whole)
        if address.domain != self.domain:
            raise NotFound(kind, str(address))
        return address


async def call_for(house: House, reach: Reach, request: Request) -> Call:
    """Return a call of somebody who may make it.

    Raises Unauthenticated, Forbidden, NotFound for a domain or account that is not
    there.
    """
    call = Call(house=house, request=request)
    if reach is Reach.OPEN:
        return call
    if house.everybody is not None:
        call = replace(call, actor=await house.everybody(request))
    else:
        bearer, actor = await house.store.peek(_who, token_of(request), request)
        call = replace(call, bearer=bearer, actor=actor)
    if reach is Reach.ANYBODY:
        return call
    return await _reaching(call, reach)


async def _reaching(call: Call, reach: Reach) -> Call:
    """Return the call of whoever is let in, about what it reaches."""
    house, request, actor = call.house, call.request, call.actor
    if reach is Reach.MAILBOX:
        return replace(call, actor=await _in_mailbox(call))
    if call.account is not None:
        raise Forbidden("this is for administrators")
    if reach is Reach.SYSTEM:
        access.everything(actor, "administer the whole system")
        return call
    domain = _domain_asked(request, actor)
    await house.store.peek(_check_domain, actor, domain)
    return replace(call, domain=domain)


async def _in_mailbox(call: Call) -> Actor:
    """Return the owner of the account that a call is about, or who acts as him."""
    house, request, actor = call.house, call.request, call.actor
    named = _header(request, _USER)
    if call.account is not None:
        own = call.account.address
        if named and _user_asked(named, own.domain) != own:
            raise Forbidden("this token is for another account")
        if actor.account is not None:
            return actor
        return await owners.logged_in_as(house.store, actor, own)
    if not named:
        raise Fault(400, "USER_REQUIRED", "name an account in X-SmarterMailUser")
    whole = "@" in named and not _header(request, _DOMAIN)
    domain = "" if whole else _domain_asked(request, actor)
    address = _user_asked(named, domain)
    if domain and address.domain != domain:
        raise NotFound("account", str(address))
    if actor.domains is not None and not actor.manages(address.domain):
        raise _no_domain(actor, address.domain)
    return await owners.logged_in_as(house.store, actor, address)


def _user_asked(named: str, domain: str) -> Address:
    return Address.parse(named if "@" in named else f"{named}@{domain}")


def token_of(request: Request) -> str:
    """Return the token of a request; raises Unauthenticated without one."""
    token = request.bearer
    if not token or len(token) > _LONGEST:
        raise Unauthenticated("give a token: Authorization: Bearer TOKEN")
    return token


def _who(uow: UnitOfWork, token: str, request: Request) -> tuple[Bearer, Actor]:
    bearer = tokens.bearer_of(uow, token)
    actor = tokens.actor_of(
        uow,
        bearer,
        dialect=DIALECT,
        client_ip=request.client_ip,
        request_id=request.request_id,
    )
    return bearer, actor


def _domain_asked(request: Request, actor: Actor) -> str:
    """Return the domain that the header names, or the only one that there is."""
    named = _header(request, _DOMAIN)
    if named:
        try:
            return domain_name(named)
        except Invalid as error:
            raise _no_domain(actor, named) from error
    if actor.domains is not None and len(actor.domains) == 1:
        return next(iter(actor.domains))
    raise Fault(400, "DOMAIN_REQUIRED", "name a domain in X-SmarterMailDomain")


def _header(request: Request, name: str) -> str:
    """Return a header, whose letters clients send in UTF-8 or Latin-1."""
    text = request.headers.get(name, "").strip()
    try:
        return text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return text


def _check_domain(uow: UnitOfWork, actor: Actor, name: str) -> None:
    try:
        access.managed_domain(uow, actor, name)
    except NotFound as error:
        raise _no_domain(actor, name) from error


def _no_domain(actor: Actor, name: str) -> Exception:
    """Return what to say of a domain that is not there, or not the actor's."""
    if actor.domains is None:
        return NotFound("domain", name)
    return Forbidden(f"{actor.name} does not manage this domain")

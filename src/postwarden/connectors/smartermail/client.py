"""SmarterMail's REST API (`/api/v1`): logged in, renewed in time, call after call.

A refusal comes as a status, or as `success: false` under 200.
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from postwarden.connectors.http import HttpAnswer, HttpClient
from postwarden.model.errors import Unavailable

PAGE = 1000  # rows of a list asked for at a time
MAX_ROWS = 5_000_000  # of one list: a server that counts wrongly ends there
_LIFE = 540.0  # seconds that a token is used: it lives for some minutes, as a rule ten
_PREFIX = "/api/v1/"

Row = Mapping[str, Any]


class SmarterMailError(Exception):
    """The server said no, or nothing that makes sense; `code` is what it said.

    Its own codes are words such as USER_NOT_FOUND.
    """

    def __init__(self, code: str, status: int) -> None:
        super().__init__(f"{code or 'refused'} (HTTP status {status})")
        self.code = code
        self.status = status

    @property
    def is_absence(self) -> bool:
        """Whether what was asked for is not there."""
        return self.status == 404 or "NOT_FOUND" in self.code.upper()


@dataclass(frozen=True, slots=True)
class Whose:
    """In whose name something is asked: a domain's, or that of somebody in it."""

    domain: str = ""
    user: str = ""

    @property
    def headers(self) -> dict[str, str]:
        named = {"domain": self.domain, "user": self.user}
        return {f"x-smartermail{name}": text for name, text in named.items() if text}


SYSTEM = Whose()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    method: str
    url: str
    body: Row | None = None
    whose: Whose = SYSTEM
    is_repeatable: bool = True
    token: str = ""


class SmarterMailClient:
    """Speaks to one server as one administrator, whoever asks at the same time."""

    def __init__(
        self,
        http: HttpClient,
        user: str,
        secret: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._user, self._secret = user, secret
        self._clock = clock
        self._access = self._refresh = ""
        self._until = 0.0
        self._entering = asyncio.Lock()
        # A login ends the one before of the same client: ours is nobody else's.
        self._client = secrets.token_hex(8)
        self.is_admin = False

    async def get(self, path: str, whose: Whose = SYSTEM) -> Row:
        """Ask for something; raises SmarterMailError, Unavailable."""
        request = _Request(method="GET", url=self._url(path), whose=whose)
        return _read(await self._answered(request), path)

    async def post(
        self, path: str, body: Row, whose: Whose = SYSTEM, *, is_repeatable: bool = True
    ) -> Row:
        """Ask for something, or do it; raises SmarterMailError, Unavailable."""
        request = _Request(
            method="POST",
            url=self._url(path),
            body=body,
            whose=whose,
            is_repeatable=is_repeatable,
        )
        return _read(await self._answered(request), path)

    async def rows(
        self, path: str, body: Row, whose: Whose = SYSTEM, *, page: int = PAGE
    ) -> AsyncIterator[Row]:
        """Yield all rows of a list, page by page, until none comes any more.

        Raises SmarterMailError, also when they are fewer than the server counts: half
        a list must not look like a whole one.
        """
        given = 0
        while given < MAX_ROWS:
            asked = {**body, "skip": given, "take": page}
            said = await self.post(path, asked, whose)
            results = rows_of(said, "results", path)
            for row in results:
                yield row
            given += len(results)
            total = said.get("totalCount")
            if not results or (isinstance(total, int) and given >= total):
                if isinstance(total, int) and given < total:
                    raise SmarterMailError(f"{path}: {given} of {total} rows", 200)
                return

    async def octets(self, link: str, whose: Whose) -> bytes:
        """Return what the server has at a link that it gave, which is its own.

        Raises SmarterMailError, Unavailable for a link to anywhere else.
        """
        url = urljoin(f"{self._http.url}/", link)
        if urlsplit(url)[:2] != urlsplit(self._http.url)[:2]:
            raise Unavailable("the system gives a link to another machine")
        answer = await self._answered(_Request(method="GET", url=url, whose=whose))
        if not 200 <= answer.status < 300:
            raise SmarterMailError("", answer.status)
        return answer.content

    def _url(self, path: str) -> str:
        return f"{self._http.url}{_PREFIX}{path}"

    async def _answered(self, request: _Request) -> HttpAnswer:
        token = await self._token()
        answer = await self._send(replace(request, token=token))
        if answer.status == 401:  # it ended early, or somebody ended it
            token = await self._token(instead_of=token)
            answer = await self._send(replace(request, token=token))
        return answer

    async def _send(self, request: _Request) -> HttpAnswer:
        headers = request.whose.headers
        if request.token:
            headers["authorization"] = f"Bearer {request.token}"
        if request.body is not None:
            headers["content-type"] = "application/json"
        return await self._http.request(
            request.method,
            request.url,
            headers=headers,
            body=None if request.body is None else json.dumps(request.body).encode(),
            is_repeatable=request.is_repeatable,
        )

    async def _token(self, *, instead_of: str = "") -> str:
        """Return a token that is good, and none that was refused."""
        async with self._entering:
            is_good = self._access and self._clock() < self._until
            if not is_good or self._access == instead_of:
                await self._enter()
            return self._access

    async def _enter(self) -> None:
        """Renew the login, or log in anew; raises Unavailable."""
        if self._refresh:
            renewal = {"token": self._refresh, "clientId": self._client}
            try:
                return self._take(await self._said("auth/refresh-token", renewal))
            except SmarterMailError:
                self._refresh = ""  # the password is what is left
        login = {
            "username": self._user,
            "password": self._secret,
            "clientId": self._client,
        }
        try:
            said = await self._said("auth/authenticate-user", login)
        except SmarterMailError as error:
            raise Unavailable(f"the system refuses the login: {error}") from error
        if said.get("changePasswordNeeded") or said.get("passwordExpired"):
            raise Unavailable("the system wants a new password for this login")
        if str(said.get("message") or "").startswith("TWO_FACTOR"):
            raise Unavailable("the system wants a second factor for this login")
        self.is_admin = said.get("isAdmin") is True
        return self._take(said)

    async def _said(self, path: str, body: Row) -> Row:
        request = _Request(method="POST", url=self._url(path), body=body)
        return _read(await self._send(request), path)

    def _take(self, said: Row) -> None:
        token = said.get("accessToken")
        if not isinstance(token, str) or not token:
            raise Unavailable("the system let nobody in: it gave no token")
        refresh = said.get("refreshToken")
        self._access = token
        self._refresh = refresh if isinstance(refresh, str) else ""
        # Clocks differ; what counts is how long the token has been used.
        self._until = self._clock() + _LIFE

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()


def rows_of(said: Row, name: str, path: str) -> Sequence[Row]:
    """Return the objects of a list in an answer; raises SmarterMailError for none."""
    found = said.get(name)
    if not isinstance(found, list):
        raise SmarterMailError(f"{path}: no {name}", 200)
    return [row if isinstance(row, dict) else {} for row in found]


def _read(answer: HttpAnswer, path: str) -> Row:
    try:
        said = json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        raise SmarterMailError(f"{path}: no JSON", answer.status) from error
    if not isinstance(said, dict):
        raise SmarterMailError(f"{path}: no JSON object", answer.status)
    if not 200 <= answer.status < 300 or said.get("success") is False:
        code = str(said.get("message") or "").partition("|")[0][:200]
        raise SmarterMailError(code, answer.status)
    return said

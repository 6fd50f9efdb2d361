"""AUTH: the mechanisms as dialogues with a client (RFC 4954, RFC 4422)."""

from dataclasses import dataclass
from typing import Protocol

from postwarden.model.envelopes import Peer
from postwarden.model.errors import (
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    Unauthenticated,
)
from postwarden.smtpd import replies
from postwarden.smtpd.desk import Desk
from postwarden.smtpd.options import ListenerOptions
from postwarden.wire import sasl, scram
from postwarden.wire.smtp.commands import parse_auth
from postwarden.wire.smtp.replies import Reply

# All one to a stranger, who must not learn which accounts exist.
_REFUSALS = (Unauthenticated, Invalid, NotFound, Forbidden, Refused)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the client is to answer next."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The end of a dialogue: the address of the account."""

    login: str


class Dialogue(Protocol):
    """One authentication, step by step.

    `step` takes a response, None at the start when none came with the command,
    and raises SaslError for one that the mechanism does not allow, Unauthenticated
    or another MailError for a login that is refused.
    """

    async def step(self, response: bytes | None) -> Challenge | LoggedIn: ...


class PlainDialogue:
    """PLAIN (RFC 4616)."""

    def __init__(self, desk: Desk, peer: Peer) -> None:
        self._desk, self._peer = desk, peer

    async def step(self, response: bytes | None) -> Challenge | LoggedIn:
        if response is None:
            return Challenge(b"")
        credentials = sasl.parse_plain(response)
        _check_authorization(credentials.authorization, credentials.username)
        return LoggedIn(
            await self._desk.login(
                credentials.username, credentials.password, peer=self._peer
            )
        )


class LoginDialogue:
    """LOGIN, which has no standard; the prompts are what clients expect."""

    def __init__(self, desk: Desk, peer: Peer) -> None:
        self._desk, self._peer = desk, peer
        self._username: str | None = None

    async def step(self, response: bytes | None) -> Challenge | LoggedIn:
        if response is None:
            return Challenge(b"Username:")
        if self._username is None:
            self._username = sasl.decode_word(response)
            return Challenge(b"Password:")
        return LoggedIn(
            await self._desk.login(
                self._username, sasl.decode_word(response), peer=self._peer
            )
        )


class ScramDialogue:
    """SCRAM-SHA-256 (RFC 5802, RFC 7677)."""

    def __init__(self, desk: Desk, peer: Peer, options: ListenerOptions) -> None:
        self._desk, self._peer, self._options = desk, peer, options
        self._first: scram.ClientFirst | None = None
        self._exchange: scram.ScramExchange | None = None

    async def step(self, response: bytes | None) -> Challenge | LoggedIn:
        if response is None:
            return Challenge(b"")
        if self._first is None:
            self._first = scram.parse_client_first(response)
            return await self._challenge(self._first)
        if self._exchange is not None:
            exchange, self._exchange = self._exchange, None
            return await self._verify(self._first, exchange, response)
        if response:
            raise sasl.SaslError("the last response is empty")
        username = self._first.username
        return LoggedIn(await self._desk.scram_succeeded(username, peer=self._peer))

    async def _challenge(self, first: scram.ClientFirst) -> Challenge:
        try:
            verifier = await self._desk.scram_verifier(first.username, peer=self._peer)
        except _REFUSALS:
            verifier = None
        if verifier is None:
            options = self._options
            verifier = scram.fake_verifier(
                options.scram_secret, first.username, options.scram_iterations
            )
        self._exchange = scram.ScramExchange(first, verifier)
        return Challenge(self._exchange.challenge())

    async def _verify(
        self, first: scram.ClientFirst, exchange: scram.ScramExchange, response: bytes
    ) -> Challenge:
        try:
            _check_authorization(first.authorization, first.username)
            return Challenge(exchange.verify(response))
        except (scram.ProofError, Unauthenticated) as error:
            await self._desk.login_failed(first.username, peer=self._peer)
            raise Unauthenticated from error


def mechanisms(options: ListenerOptions) -> tuple[str, ...]:
    """Return the names that EHLO offers."""
    return ("PLAIN", "LOGIN", *(("SCRAM-SHA-256",) if options.scram else ()))


class Authentication:
    """The logins that one session tries.

    `begin` and `respond` return what to answer, or LoggedIn; they raise MailError
    for a refused login. `failures` counts wrong credentials.
    """

    def __init__(self, desk: Desk, options: ListenerOptions) -> None:
        self.failures = 0
        self._desk, self._options = desk, options
        self._dialogue: Dialogue | None = None

    @property
    def is_open(self) -> bool:
        """Whether the next line is a response and not a command."""
        return self._dialogue is not None

    def cancel(self) -> None:
        self._dialogue = None

    async def begin(self, argument: str, peer: Peer) -> Reply | LoggedIn:
        """Take the argument of AUTH (RFC 4954 §4); raises Malformed, too."""
        mechanism, initial = parse_auth(argument)
        if mechanism not in mechanisms(self._options):
            return replies.UNKNOWN_MECHANISM
        try:
            response = None if initial is None else sasl.decode_initial(initial)
        except sasl.SaslError:
            return replies.BAD_LOGIN_RESPONSE
        return await self._step(self._open(mechanism, peer), response)

    async def respond(self, line: bytes) -> Reply | LoggedIn:
        """Take the line that answers a challenge."""
        dialogue, self._dialogue = self._dialogue, None
        if dialogue is None or line == b"*":
            return replies.LOGIN_CANCELLED  # RFC 4954 §4
        try:
            response = sasl.decode_base64(line.decode("ascii"))
        except (sasl.SaslError, UnicodeDecodeError):
            return replies.BAD_LOGIN_RESPONSE
        return await self._step(dialogue, response)

    def _open(self, mechanism: str, peer: Peer) -> Dialogue:
        match mechanism:
            case "PLAIN":
                return PlainDialogue(self._desk, peer)
            case "LOGIN":
                return LoginDialogue(self._desk, peer)
            case _:
                return ScramDialogue(self._desk, peer, self._options)

    async def _step(
        self, dialogue: Dialogue, response: bytes | None
    ) -> Reply | LoggedIn:
        try:
            step = await dialogue.step(response)
        except sasl.SaslError:
            return replies.BAD_LOGIN_RESPONSE
        except _REFUSALS as error:
            self.failures += 1
            raise Unauthenticated from error
        if isinstance(step, LoggedIn):
            return step
        self._dialogue = dialogue
        return replies.challenge(step.octets)


def _check_authorization(authorization: str, username: str) -> None:
    """Nobody acts as somebody else here (RFC 4422 §3.4.1)."""
    if authorization not in {"", username}:
        raise Unauthenticated

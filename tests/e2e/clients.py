"""A client that speaks octet by octet, and short ways to send with it."""

import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.e2e.waiting import PATIENCE


class Dialog:
    """One connection to an address of a ready line; blocking, with a deadline."""

    def __init__(self, address: str, tls: ssl.SSLContext | None = None) -> None:
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(PATIENCE)
            self.socket.connect(address.removeprefix("unix:"))
        else:
            host, _, port = address.rpartition(":")
            self.socket = socket.create_connection((host, int(port)), PATIENCE)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self._pending = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self.socket.close()

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def line(self) -> str:
        """Return the next line without its end; raises ConnectionError at the end."""
        while b"\r\n" not in self._pending:
            octets = self.socket.recv(65536)
            if not octets:
                raise ConnectionError(f"closed after {self._pending!r}")
            self._pending += octets
        line, _, self._pending = self._pending.partition(b"\r\n")
        return line.decode()

    def reply(self) -> str:
        """Return the last line of the next reply."""
        while (line := self.line())[3:4] == "-":
            pass
        return line

    def ask(self, command: str) -> str:
        self.send(command.encode() + b"\r\n")
        return self.reply()

    def begin(self, hello: str = "EHLO client.example") -> None:
        """Read the greeting and say hello."""
        assert self.reply().startswith("220")
        assert self.ask(hello).startswith("250")

    def begin_mail(self, sender: str, recipients: Sequence[str]) -> list[str]:
        """Come as far as the first octet of content; return the answers to RCPT."""
        assert self.ask(f"MAIL FROM:<{sender}>").startswith("250")
        answers = [self.ask(f"RCPT TO:<{each}>") for each in recipients]
        assert self.ask("DATA").startswith("354"), answers
        return answers

    def is_closed(self) -> bool:
        """Whether the other side ends it without another word."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True


def dotted(content: bytes) -> bytes:
    """Return content as it follows DATA (RFC 5321 §4.5.2)."""
    if content.startswith(b"."):
        content = b"." + content
    content = content.replace(b"\r\n.", b"\r\n..")
    ended = not content or content.endswith(b"\r\n")
    return content + (b".\r\n" if ended else b"\r\n.\r\n")


def deliver(
    address: str,
    recipients: Sequence[str],
    *contents: bytes,
    sender: str = "mallory@example.net",
) -> list[str]:
    """Send mails over SMTP, one after the other; return the answers to them."""
    with Dialog(address) as dialog:
        dialog.begin()
        answers = []
        for content in contents:
            dialog.begin_mail(sender, recipients)
            dialog.send(dotted(content))
            answers.append(dialog.reply())
        return answers


def accepted(
    address: str,
    recipients: Sequence[str],
    *contents: bytes,
    sender: str = "mallory@example.net",
) -> list[str]:
    """Send mails that must be accepted; return their trace ids."""
    answers = deliver(address, recipients, *contents, sender=sender)
    return [trace_of(answer) for answer in answers]


def trace_of(answer: str) -> str:
    """Return the trace id of the reply that accepts a mail."""
    words, _, trace_id = answer.partition(" trace=")
    assert words == "250 2.0.0 accepted", answer
    return trace_id

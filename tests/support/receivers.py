"""Receivers of webhooks: HTTP servers on this machine that a test scripts."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Request:
    """A request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Drip:
    """An answer that never ends: a piece, a while, the piece again."""

    piece: bytes


@dataclass(slots=True)
class Receiver:
    """What a receiver answers, in turn (the last one again), and what it heard.

    An answer is the whole of it, octet for octet.
    """

    answers: list[bytes | Drip]
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    heard: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=t"

    def serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            line = lines.readline().decode().strip()
            if not line:
                return
            headers = {}
            while name_and_value := lines.readline().decode().strip():
                name, _, value = name_and_value.partition(":")
                headers[name.lower()] = value.strip()
            body = lines.read(int(headers.get("content-length", "0")))
            self.requests.append(Request(line, headers, body))
            number = min(len(self.requests), len(self.answers)) - 1
            answer = self.answers[number]
            self.heard.set()
            if isinstance(answer, bytes):
                connection.sendall(answer)
                return
            while not self.over.wait(0.02):
                connection.sendall(answer.piece)


def status(code: int, body: bytes = b"", *more: str) -> bytes:
    fields = "".join(f"{each}\r\n" for each in more)
    head = f"HTTP/1.1 {code} X\r\nContent-Length: {len(body)}\r\n{fields}\r\n"
    return head.encode() + body


@contextmanager
def receiving(
    *answers: bytes | Drip, tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """Run a receiver while the block runs."""
    receiver = Receiver(list(answers))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        receiver.port = listening.getsockname()[1]
        thread = threading.Thread(target=_accept, args=(listening, receiver, tls))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.over.set()
            with socket.create_connection(("127.0.0.1", receiver.port)):
                pass  # lets it see that it is over
            thread.join()


def _accept(
    listening: socket.socket, receiver: Receiver, tls: ssl.SSLContext | None
) -> None:
    serving = []
    while not receiver.over.is_set():
        connection, _ = listening.accept()
        if receiver.over.is_set():
            connection.close()
            break
        thread = threading.Thread(target=_one, args=(connection, receiver, tls))
        thread.start()
        serving.append(thread)
    for thread in serving:
        thread.join()


def _one(
    connection: socket.socket, receiver: Receiver, tls: ssl.SSLContext | None
) -> None:
    try:
        if tls is not None:
            connection = tls.wrap_socket(connection, server_side=True)
        receiver.serve(connection)
    except OSError:
        connection.close()  # the client has gone, as it may

"""`serve` begins and ends in good order: ready line, ports, signals, sockets."""

import re
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.e2e import books, mails
from tests.e2e.clients import Dialog, accepted, dotted, trace_of
from tests.e2e.places import ENGINES
from tests.e2e.processes import Postwarden, Serving
from tests.e2e.waiting import until


def refuses_connections(address: str) -> bool:
    try:
        with Dialog(address):
            return False
    except (ConnectionRefusedError, FileNotFoundError):
        return True


@contextmanager
def mail_under_way(serving: Serving, name: str = "smtp") -> Iterator[Dialog]:
    """A client that has sent half of a mail."""
    with Dialog(serving.addresses[name]) as dialog:
        dialog.begin("LHLO mta.example" if name == "lmtp" else "EHLO mta.example")
        dialog.begin_mail("mallory@example.net", ["ada@example.org"])
        dialog.send(mails.mail("t1"))
        yield dialog


@pytest.mark.parametrize("name", ["smtp", "lmtp"])
def test_sigterm_lets_a_mail_under_way_end(postwarden: Postwarden, name: str) -> None:
    serving = postwarden.serve()
    with mail_under_way(serving, name) as dialog:
        serving.signal(signal.SIGTERM)
        until(
            lambda: refuses_connections(serving.addresses[name]),
            "nobody new is let in",
        )
        dialog.send(b"The last line.\r\n.\r\n")
        trace_of(dialog.reply())
        assert dialog.line().startswith("421 4.3.2")
        assert dialog.is_closed()
    assert serving.wait() == 0
    assert not serving.faults()
    with books.opened(postwarden.data) as seen:
        ((filed, count),) = seen.filed().items()
        assert count == 1
        content = seen.blob(bytes.fromhex(filed.sha256))
        assert content == mails.mail("t1") + b"The last line.\r\n"
        assert not seen.faults()


def test_sigterm_sees_idle_clients_off(postwarden: Postwarden) -> None:
    serving = postwarden.serve()
    with Dialog(serving.addresses["smtp"]) as dialog:
        dialog.begin()
        serving.signal(signal.SIGTERM)
        assert dialog.line().startswith("421 4.3.2")
        assert dialog.is_closed()
    assert serving.wait() == 0


def test_a_second_sigterm_ends_it_at_once(postwarden: Postwarden) -> None:
    """The first one alone would wait for the mail; nothing of it is kept."""
    serving = postwarden.serve()
    with mail_under_way(serving) as dialog:
        serving.signal(signal.SIGTERM)
        until(
            lambda: refuses_connections(serving.addresses["smtp"]),
            "the first signal is heard",
        )
        serving.signal(signal.SIGTERM)
        assert serving.wait(10) == 1
        assert dialog.is_closed()
    with books.opened(postwarden.data) as seen:
        assert not seen.filed()
        assert not seen.all("SELECT * FROM receptions")


def test_sigint_stops_like_sigterm(postwarden: Postwarden) -> None:
    serving = postwarden.serve()
    serving.signal(signal.SIGINT)
    assert serving.wait() == 0


def test_the_ready_line_names_every_listener_that_was_asked_for(
    postwarden: Postwarden, tmp_path: Path
) -> None:
    serving = postwarden.serve(
        *("--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0"),
        *("--lmtp", f"unix:{tmp_path}/lmtp", "--submission", "[::1]:0"),
    )
    assert serving.addresses.keys() == {"http", "smtp", "lmtp", "submission"}
    assert re.fullmatch(r"127\.0\.0\.1:[1-9]\d*", serving.addresses["http"])
    assert re.fullmatch(r"\[::1\]:[1-9]\d*", serving.addresses["submission"])
    assert serving.addresses["lmtp"] == f"unix:{tmp_path}/lmtp"
    for path in ("live", "ready"):
        assert _status(serving, f"/healthz/{path}") == 200
    assert _status(serving, "/nothing-here") == 404
    serving.stop()


def _status(serving: Serving, path: str) -> int:
    with Dialog(serving.addresses["http"]) as dialog:
        dialog.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return int(dialog.line().split()[1])


def test_a_plain_serve_takes_the_next_free_port(postwarden: Postwarden) -> None:
    """Of the default ones; whoever has them here, or we do."""
    defaults = {"http": 8025, "smtp": 2525, "lmtp": 2424}
    with closing(socket.socket()) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # then it is taken already
            taken.bind(("127.0.0.1", defaults["smtp"]))
            taken.listen()
        process = postwarden.start("serve")
        assert process.stdout is not None
        word, *pairs = process.stdout.readline().split()
        assert word == "ready"
        ports = {
            name: int(address.rpartition(":")[2])
            for name, address in (pair.split("=") for pair in pairs)
        }
        assert ports.keys() == defaults.keys()
        assert ports["smtp"] > defaults["smtp"]
        for name, port in ports.items():
            assert defaults[name] <= port < defaults[name] + 100
            with Dialog(f"127.0.0.1:{port}"):
                pass
        process.terminate()
        _, log = process.communicate()
        assert process.returncode == 0, log


def test_a_named_port_that_is_taken_is_an_error(postwarden: Postwarden) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        ended = postwarden.run(
            *("serve", "--lmtp", "127.0.0.1:0", "--smtp", f"127.0.0.1:{port}"), status=1
        )
    assert not ended.out
    (line,) = ended.err.splitlines()
    assert re.search(rf"cannot listen on 127\.0\.0\.1:{port} for smtp: ", line)


@pytest.mark.parametrize(
    ("name", "address"), [("smtp", "nonsense"), ("http", "127.0.0.1:99999")]
)
def test_an_address_that_is_none_is_a_usage_error(
    postwarden: Postwarden, name: str, address: str
) -> None:
    ended = postwarden.run("serve", f"--{name}", address, status=2)
    assert not ended.out
    assert len(ended.err.splitlines()) == 1


def test_a_unix_socket_takes_mail_and_goes_with_its_server(
    postwarden: Postwarden, tmp_path: Path
) -> None:
    path = tmp_path / "lmtp"
    serving = postwarden.serve("--lmtp", f"unix:{path}")
    with mail_under_way(serving, "lmtp") as dialog:
        dialog.send(b".\r\n")
        trace_of(dialog.reply())
    serving.kill()
    assert path.is_socket()  # nobody could remove it
    serving = postwarden.serve("--lmtp", f"unix:{path}")
    with Dialog(serving.addresses["lmtp"]) as dialog:
        dialog.begin("LHLO mta.example")
    ended = postwarden.run("serve", "--lmtp", f"unix:{path}", status=1)
    assert "cannot listen" in ended.err
    assert path.is_socket()
    serving.stop()
    assert not path.exists()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_restarted_server_goes_on_where_it_was(postwarden: Postwarden) -> None:
    """UIDs grow on, and the same bytes lie there once however often they came."""
    for _ in range(2):
        serving = postwarden.serve()
        accepted(serving.addresses["smtp"], ["ada@example.org"], mails.mail("t1"))
        serving.stop()
    with books.opened(postwarden.data) as seen:
        assert seen.all("SELECT uid FROM copies ORDER BY uid") == [(1,), (2,)]
        assert seen.one("SELECT count(*) FROM messages") == 1
        assert not seen.faults()


def test_content_behind_the_end_is_not_lost_with_a_slow_client(
    postwarden: Postwarden,
) -> None:
    """A client that waits with its dot finds the server waiting, stopped or not."""
    serving = postwarden.serve()
    with mail_under_way(serving) as slow, mail_under_way(serving) as slower:
        serving.signal(signal.SIGTERM)
        slow.send(dotted(b"One more line.\r\n"))
        trace_of(slow.reply())
        slower.send(dotted(b"And another.\r\n"))
        trace_of(slower.reply())
    assert serving.wait() == 0
    with books.opened(postwarden.data) as seen:
        assert seen.filed().total() == 2

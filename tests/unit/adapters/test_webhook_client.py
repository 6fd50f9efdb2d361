"""The way out to webhooks, against real sockets on this machine."""

import ssl
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest
import trustme

from postwarden.adapters.webhook_client import READ, Urllib3WebhookClient
from postwarden.model.networks import is_public, is_within
from postwarden.services.ports.webhooks import Answer
from tests.support.receivers import Drip, receiving, status

LOOPBACK = ("127.0.0.0/8", "::1/128")
BODY = b'{"type":"case.done"}'


@pytest.fixture
def client() -> Iterator[Urllib3WebhookClient]:
    client = Urllib3WebhookClient(seconds=10, private=LOOPBACK)
    yield client
    client.close()


async def post(
    client: Urllib3WebhookClient, url: str, headers: dict[str, str] | None = None
) -> Answer:
    return await client.post(url, headers or {}, BODY)


async def test_a_post_arrives_as_it_was_given(client: Urllib3WebhookClient) -> None:
    with receiving(status(200, b"fine\n")) as receiver:
        answer = await post(client, receiver.url, {"webhook-id": "01abc"})
    (request,) = receiver.requests
    assert request.line == "POST /hook?token=t HTTP/1.1"
    assert request.body == BODY
    assert request.headers["webhook-id"] == "01abc"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert (answer.status, answer.excerpt, answer.error) == (200, "fine", None)
    assert answer.is_success


async def test_a_redirect_is_an_answer_and_is_not_followed(
    client: Urllib3WebhookClient,
) -> None:
    with receiving(status(200)) as elsewhere:
        moved = status(302, b"", f"Location: {elsewhere.url}")
        with receiving(moved) as receiver:
            answer = await post(client, receiver.url)
    assert (answer.status, answer.is_success) == (302, False)
    assert elsewhere.requests == []


async def test_of_a_huge_answer_a_little_is_read(
    client: Urllib3WebhookClient,
) -> None:
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + b"\x1b[31m" * 10 * READ
    with receiving(endless) as receiver:
        answer = await post(client, receiver.url)
    assert answer.status == 200
    assert len(answer.excerpt) == 200
    assert answer.excerpt.isprintable()


@pytest.mark.parametrize(
    "piece",
    [b"", b"X", b"HTTP/1.1 100 Continue\r\n\r\n"],
    ids=["silence", "an endless line", "endless promises"],
)
async def test_a_slow_receiver_is_given_up_in_time(piece: bytes) -> None:
    client = Urllib3WebhookClient(seconds=0.3, private=LOOPBACK)
    with receiving(Drip(piece)) as receiver:
        answer = await post(client, receiver.url)
    client.close()
    assert answer.status is None
    assert answer.error == "no answer within 0.3 s"


@pytest.mark.parametrize(
    "answer", [b"", b"220 smtp.example ESMTP\r\n", b"\x00\xff" * 99]
)
async def test_what_does_not_speak_http_is_a_failure(
    client: Urllib3WebhookClient, answer: bytes
) -> None:
    with receiving(answer) as receiver:
        got = await post(client, receiver.url)
    assert got.status is None
    assert "no HTTP answer" in (got.error or "")


async def test_a_closed_port_is_a_failure_that_names_no_path(
    client: Urllib3WebhookClient,
) -> None:
    with receiving(status(200)) as receiver:
        url = receiver.url
    got = await post(client, url)
    assert got.status is None
    assert got.error == "Connection refused"


# Where it may go


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "100.100.100.200", "0.0.0.0"),
        *("192.0.0.192", "168.63.129.16", "224.0.0.1", "255.255.255.255"),
        *("::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff0e::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1"),
        *("fec0::1", "64:ff9b:1::1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1"),
    ],
)
async def test_addresses_near_us_are_refused(address: str) -> None:
    assert not is_public(ip_address(address))
    client = Urllib3WebhookClient(resolve=lambda _host, _port: [address])
    got = await post(client, "https://hooks.example/a")
    client.close()
    assert got.status is None
    assert got.error is not None
    assert got.error.startswith("hooks.example is not on the Internet")


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe", "64:ff9b::909:909"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_a_mapped_address_is_in_the_network_of_the_one_it_stands_for() -> None:
    assert is_within(ip_address("::ffff:10.1.2.3"), ["10.0.0.0/8"])
    assert not is_within(ip_address("::ffff:11.1.2.3"), ["10.0.0.0/8", "::/96"])


async def test_one_forbidden_address_of_many_is_enough() -> None:
    client = Urllib3WebhookClient(
        private=["127.0.0.0/8"], resolve=lambda *_: ["127.0.0.1", "10.0.0.1"]
    )
    with receiving(status(200)) as receiver:
        got = await post(client, receiver.url)
    client.close()
    assert got.status is None
    assert receiver.requests == []


async def test_a_name_is_resolved_once_and_connected_where_it_was_checked() -> None:
    asked: list[str] = []

    def rebind(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1" if len(asked) == 1 else "10.0.0.1"]

    client = Urllib3WebhookClient(private=LOOPBACK, resolve=rebind)
    with receiving(status(204)) as receiver:
        url = f"http://hooks.example:{receiver.port}/a"
        got = await post(client, url)
    client.close()
    assert got.status == 204
    assert asked == ["hooks.example"]
    assert receiver.requests[0].headers["host"] == f"hooks.example:{receiver.port}"


async def test_plain_http_goes_to_allowed_networks_only() -> None:
    client = Urllib3WebhookClient(resolve=lambda *_: ["9.9.9.9"])
    got = await post(client, "http://hooks.example/a")
    client.close()
    assert got.error == "plain HTTP goes to networks in webhooks.allow_private"


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def authorities(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def server_tls(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


async def post_tls(
    authority: trustme.CA, name: str, authorities: Path | None
) -> Answer:
    client = Urllib3WebhookClient(
        private=LOOPBACK, authorities=authorities, resolve=lambda *_: ["127.0.0.1"]
    )
    with receiving(status(200), tls=server_tls(authority, name)) as receiver:
        got = await post(client, f"https://hooks.example:{receiver.port}/a")
    client.close()
    return got


async def test_a_certificate_of_the_name_that_was_asked_for_is_taken(
    authority: trustme.CA, authorities: Path
) -> None:
    assert (await post_tls(authority, "hooks.example", authorities)).status == 200


@pytest.mark.parametrize("name", ["other.example", "127.0.0.1"])
async def test_a_certificate_of_another_name_is_refused(
    authority: trustme.CA, authorities: Path, name: str
) -> None:
    got = await post_tls(authority, name, authorities)
    assert got.status is None
    assert "certificate is not valid" in (got.error or "")


async def test_a_certificate_of_an_unknown_authority_is_refused(
    authority: trustme.CA,
) -> None:
    got = await post_tls(authority, "hooks.example", None)
    assert got.status is None
    assert "certificate is not valid" in (got.error or "")

"""Webhooks from the shell, against a receiver on this machine."""

import base64
import hashlib
import hmac
import json

import pytest

from tests.support.command_line import CommandLine, Ran
from tests.support.receivers import receiving, status

URL = "https://hooks.example/a?token=secret"
LOOPBACK = ("--set", "webhooks.allow_private=127.0.0.0/8")
FIELDS = {
    *("webhook", "url", "events", "domains", "state", "failing_since"),
    *("old_secret_until", "created_at", "created_by"),
}
DELIVERY_FIELDS = {
    *("delivery", "webhook", "id", "event", "object", "state", "attempts"),
    *("created_at", "next_at", "last_attempt_at", "last_status", "last_error"),
    "ended_at",
}
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()


def created(cli: CommandLine, *words: str) -> Ran:
    return cli("webhook", "create", URL, *(words or ("--event", "all")), "--json")


def test_without_webhooks_the_lists_are_empty_and_say_so(cli: CommandLine) -> None:
    assert cli("webhook", "list", "--json").out == ""
    assert "no webhooks" in cli("webhook", "list").err
    assert cli("webhook", "queue", "list").err == "no deliveries\n"


def test_a_webhook_is_created_shown_changed_and_removed(cli: CommandLine) -> None:
    made = created(cli, "--event", "account.created", "--event", "domain.changed")
    assert made.status == 0
    assert set(made.json) == FIELDS | {"secret"}
    assert made.json["events"] == ["domain.changed", "account.created"]
    shown = cli("webhook", "show", "1", "--json").json
    assert set(shown) == FIELDS
    assert shown["url"] == URL
    assert cli("webhook", "list", "--json").rows == [shown]
    changed = cli(
        *("webhook", "change", "1", "--event", "all", "--state", "disabled", "--json")
    )
    assert (changed.json["events"], changed.json["state"]) == (["all"], "disabled")
    renewed = cli("webhook", "change", "1", "--new-secret", "--json").json
    assert renewed["secret"] != made.json["secret"]
    assert renewed["old_secret_until"] is not None
    ended = cli("webhook", "change", "1", "--overlap", "0h", "--json").json
    assert ended["old_secret_until"] is None
    assert cli("webhook", "change", "1", "--overlap", "1h").status == 5
    assert cli("webhook", "remove", "1").status == 0
    assert cli("webhook", "show", "1").status == 3


def test_no_secret_reaches_the_audit_log(cli: CommandLine) -> None:
    given = cli(
        *("webhook", "create", URL, "--event", "all", "--secret-stdin", "--json"),
        stdin=f"{SECRET}\n".encode(),
    )
    assert given.json["secret"] == SECRET
    cli("webhook", "change", "1", "--secret-stdin", stdin=SECRET.encode())
    cli("webhook", "change", "1", "--url", f"{URL}&more=secret")
    audit = cli("audit", "list", "--json").out
    assert "webhook.create" in audit
    assert "secret=" not in audit
    assert SECRET.removeprefix("whsec_") not in audit
    assert "token" not in audit


@pytest.mark.parametrize(
    "words",
    [
        ("create", "ftp://hooks.example/", "--event", "all"),
        ("create", "https://ada:pw@hooks.example/", "--event", "all"),
        ("create", "https://hooks.example/#x", "--event", "all"),
        ("create", "https://hooks.example:0/", "--event", "all"),
        ("create", "https://hooks.example/ x", "--event", "all"),
        ("create", "https:///a", "--event", "all"),
        ("create", "https://[::1/a", "--event", "all"),
        ("create", f"https://hooks.example/{'a' * 2048}", "--event", "all"),
        ("create", URL, "--event", "case.loved"),
        ("create", URL),
        ("change", "1"),
        ("change", "1", "--state", "asleep"),
        ("queue", "list", "--state", "lazy"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    cli: CommandLine, words: tuple[str, ...]
) -> None:
    ran = cli("webhook", *words, "--json")
    assert (ran.status, ran.error["code"]) == (2, "invalid")
    assert "pw" not in ran.err


def test_a_secret_that_is_none_is_refused(cli: CommandLine) -> None:
    for text in (b"", b"hunter2", b"whsec_!", b"whsec_c2hvcnQ="):
        ran = cli("webhook", "create", URL, "--event", "all", "--secret-stdin",
                  stdin=text)  # fmt: skip
        assert ran.status == 2


def test_a_dry_run_makes_nothing(cli: CommandLine) -> None:
    ran = created(cli, "--event", "all", "--dry-run")
    assert ran.json["changes"][0]["action"] == "webhook.create"
    assert cli("webhook", "list", "--json").rows == []


def test_the_queue_is_seen_canceled_and_replayed(cli: CommandLine) -> None:
    created(cli, "--event", "account.created")
    cli("account", "create", "ada@example.org")
    (row,) = cli("webhook", "queue", "list", "--json").rows
    assert set(row) == DELIVERY_FIELDS
    assert (row["event"], row["object"]) == (
        *("account.created", "account ada@example.org"),
    )
    number = str(row["delivery"])
    assert cli("webhook", "queue", "replay", number).status == 5
    canceled = cli("webhook", "queue", "cancel", number, "--json").json
    assert (canceled["state"], canceled["next_at"]) == ("canceled", None)
    assert cli("webhook", "queue", "cancel", number).status == 5
    replayed = cli("webhook", "queue", "replay", number, "--json").json
    assert (replayed["state"], replayed["id"]) == ("pending", row["id"])
    assert cli("webhook", "queue", "list", "--webhook", "9").status == 3
    assert cli("webhook", "queue", "cancel", "99").status == 3


def test_a_test_arrives_at_once_and_is_signed(cli: CommandLine) -> None:
    with receiving(status(204), status(500, b"broken")) as receiver:
        cli(
            *("webhook", "create", receiver.url, "--event", "all", "--secret-stdin"),
            stdin=SECRET.encode(),
        )
        tried = cli(*LOOPBACK, "webhook", "test", "1", "--json")
        again = cli(*LOOPBACK, "webhook", "test", "1", "--json")
    assert (tried.status, tried.json["status"]) == (0, 204)
    assert (again.status, again.json["answer"]) == (1, "broken")
    request, _ = receiver.requests
    body = json.loads(request.body)
    assert (body["type"], body["id"]) == ("webhook.test", tried.json["id"])
    timestamp = request.headers["webhook-timestamp"]
    content = f"{body['id']}.{timestamp}.".encode() + request.body
    digest = base64.b64encode(hmac.digest(b"s" * 32, content, hashlib.sha256))
    assert request.headers["webhook-signature"] == f"v1,{digest.decode()}"


def test_this_machine_is_not_told_unless_that_is_allowed(cli: CommandLine) -> None:
    with receiving(status(200)) as receiver:
        cli("webhook", "create", receiver.url, "--event", "all")
        ran = cli("webhook", "test", "1", "--json")
    assert ran.status == 1
    assert "webhooks.allow_private" in ran.json["error"]
    assert receiver.requests == []

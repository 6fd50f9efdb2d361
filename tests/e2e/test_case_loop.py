"""Trace, find, preview, approve, contain, verify, undo, export: the whole loop.

Everything goes over the command line with `--json`; fields and exit statuses are
those of the contract that scripts rely on.
"""

import hashlib
import re
from collections import Counter
from pathlib import Path

from tests.e2e.campaign import (
    ADA,
    BOB,
    CLASSES,
    EVE,
    PHISH,
    PHISHING,
    SAME,
    ZOE,
    Investigation,
    snapshot,
)
from tests.e2e.processes import Json, Postwarden

FIND = {
    *("account", "mailbox", "uid", "flags", "internal_date", "size", "sha256"),
    *("message_id", "fingerprint", "subject", "author", "state", "hold"),
}
TRACE = {
    *("time", "event", "trace_id", "sha256", "message_id", "reverse_path"),
    *("forward_path", "account", "mailbox", "uid", "size", "subject", "client_ip"),
    *("source", "detail"),
}
ITEM = {
    *("item", "system", "account", "mailbox", "uid", "flags", "internal_date"),
    *("size", "sha256", "message_id", "class", "hold", "action", "outcome"),
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def tokens(items: list[Json]) -> Counter[tuple[str, str]]:
    """Return (account, token) of items; the reused Message-ID has its subject."""
    names = {
        "<phish@example.net>": "phish",
        **{f"<{t}@example.net>": t for t in ("phish-again", "variant", "forwarded")},
    }
    return Counter((item["account"], names[item["message_id"]]) for item in items)


def test_the_whole_loop(campaign: Postwarden, tmp_path: Path) -> None:
    before = snapshot(campaign.data)
    told = campaign.json(
        *("case", "open", PHISHING, "--reason", "phishing", "--ticket", "T-1")
    )
    assert told.keys() >= {"case", "state", "query", "opened_by", "opened_at"}
    assert (told["state"], told["opened_by"]) == ("open", "operator")
    assert TIME.fullmatch(told["opened_at"])
    case = Investigation(campaign, str(told["case"]))

    plan = case.preview()
    assert plan.keys() >= {
        *("sha256", "action", "messages", "copies", "accounts", "items"),
        *("clusters", "warnings"),
    }
    assert plan["action"] == "contain"
    assert all(item.keys() >= ITEM for item in plan["items"])
    assert {item["outcome"] for item in plan["items"]} == {"pending"}
    assert tokens(plan["items"]) == Counter(
        key for key, match_class in CLASSES.items() if match_class != "variant"
    )
    assert (plan["messages"], plan["copies"], plan["accounts"]) == (2, 5, 4)
    counts = {each["class"]: each for each in plan["counts"]}
    assert {name: each["copies"] for name, each in counts.items()} == {
        "exact": 3,
        "same": 2,
        "variant": 2,
        "same-id": 1,
        "attached": 1,
    }
    assert {name for name, each in counts.items() if each["included"]} == {
        *("exact", "same"),
    }
    assert [each["copies"] for each in plan["clusters"]] == [5]
    assert snapshot(campaign.data) == before, "nothing acts before `run`"

    case.approve(plan)
    assert case.run() == {"removed": 5}
    removed = before - snapshot(campaign.data)
    assert Counter(filed.message_id for filed in removed.elements()) == {
        "phish@example.net": 3,
        "phish-again@example.net": 2,
    }
    assert case.residual() == 0
    assert case.run() == {"removed": 5}  # again: nothing is done twice
    contained = campaign.rows("find", PHISHING, "is:contained")
    assert [row["state"] for row in contained] == ["contained"] * 5

    undone = case.undo()
    assert undone == {
        "case": int(case.number),
        "state": "undone",
        "restored": 5,
        "failed": 0,
    }
    assert snapshot(campaign.data) == before
    _check_evidence(case, tmp_path / "evidence")


def _check_evidence(case: Investigation, directory: Path) -> None:
    exported = case.postwarden.json(
        "case", "export", case.number, "--to", str(directory)
    )
    manifest = (directory / "MANIFEST.sha256").read_bytes()
    assert exported == {
        "case": int(case.number),
        "directory": str(directory),
        "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
        "public_key": exported["public_key"],
    }
    assert {path.name for path in (directory / "messages").iterdir()} == {
        f"{hashlib.sha256(content).hexdigest()}.eml" for content in (PHISH, SAME)
    }
    for content in (PHISH, SAME):
        name = f"{hashlib.sha256(content).hexdigest()}.eml"
        assert (directory / "messages" / name).read_bytes() == content
    pinned = ("--public-key", exported["public_key"])
    checked = case.postwarden.json("case", "check", str(directory), *pinned)
    assert checked["signed_by"] == exported["public_key"]


def test_find_tells_the_class_of_each_copy(campaign: Postwarden) -> None:
    rows = campaign.rows("find", "similar:<phish@example.net>")
    assert all(row.keys() == FIND | {"class"} for row in rows)
    assert all(TIME.fullmatch(row["internal_date"]) for row in rows)
    names = {row["account"]: row["flags"] for row in rows if row["flags"]}
    assert names == {
        ADA: ["\\Flagged", "\\Seen"][::-1],
        ZOE: [
            *("\\Answered", "$Forwarded", "later"),
        ],
    }
    found = dict(
        zip(tokens_in_order(rows), (row["class"] for row in rows), strict=True)
    )
    # The Message-ID was reused, so that nothing says which of the two was meant.
    lunch = found.pop((BOB, "reused"))
    assert lunch == "same-id"
    assert found == {
        key: "same-id" if each == "exact" else each for key, each in CLASSES.items()
    }


def tokens_in_order(rows: list[Json]) -> list[tuple[str, str]]:
    return [
        (
            row["account"],
            "reused"
            if row["subject"] == "Lunch?"
            else row["message_id"].strip("<>").partition("@")[0],
        )
        for row in rows
    ]


def test_trace_tells_each_step_of_a_mail(campaign: Postwarden) -> None:
    rows = campaign.rows("trace", "message-id:phish-again@example.net")
    assert all(row.keys() == TRACE for row in rows)
    assert [(row["event"], row["forward_path"]) for row in rows] == [
        *(("RECEIVE", EVE), ("RECEIVE", ZOE), ("DELIVER", EVE), ("DELIVER", ZOE)),
    ]
    assert len({row["trace_id"] for row in rows}) == 1
    received, delivered = rows[0], rows[2]
    assert received["reverse_path"] == "mallory@example.net"
    assert received["client_ip"] == "127.0.0.1"
    assert received["source"] == "smtp"
    assert received["size"] == len(SAME)
    assert received["subject"] == "Your invoice"
    assert received["sha256"] == hashlib.sha256(SAME).hexdigest()
    assert received["message_id"] == "<phish-again@example.net>"
    assert (delivered["account"], delivered["mailbox"]) == (EVE, "INBOX")
    assert TIME.fullmatch(received["time"])
    assert campaign.json("trace", "rcpt:@example.com", "--count") == {
        "messages": 4,
        "copies": 4,
        "accounts": 1,
    }

"""Commands about mail, cases, holds and the vault as requests."""

from postwarden.cli.remote.words import (
    Path,
    Remote,
    filter_,
    given,
    hours,
)

_FOUND = ("account", "mailbox", "uid", "internal_date", "author", "subject", "state")
_EVENTS = (
    *("time", "event", "reverse_path", "forward_path", "account", "mailbox"),
    *("subject", "detail"),
)


_MAIL: dict[Path, Remote] = {
    ("find",): Remote(
        path="/copies",
        query={"filter": filter_, "state": given("state")},
        columns=_FOUND,
        instead={
            "count": Remote(
                path="/copies/count",
                query={"filter": filter_, "state": given("state")},
            )
        },
    ),
    ("trace",): Remote(
        path="/ledger",
        query={"filter": filter_},
        columns=_EVENTS,
        instead={"count": Remote(path="/ledger/count", query={"filter": filter_})},
    ),
}

_RUN = ("case", "state", "outcomes", "waiting")
_CASES: dict[Path, Remote] = {
    ("case", "open"): Remote(
        method="POST",
        path="/cases",
        body={"query": filter_, "reason": "reason", "ticket": "ticket"},
        done="opened case {case}: {query}",
    ),
    ("case", "edit"): Remote(
        method="PATCH",
        path="/cases/{case}",
        body={"query": filter_},
        done="case {case} is now: {query}",
    ),
    ("case", "list"): Remote(
        path="/cases",
        columns=("case", "state", "opened_at", "opened_by", "query", "reason"),
    ),
    ("case", "status"): Remote(path="/cases/{case}"),
    ("case", "approve"): Remote(
        method="POST",
        path="/cases/{case}/approve",
        body={"plan": "plan", "break_glass": "reason"},
        done="approved; run it with: postwarden case run {case}",
    ),
    ("case", "review"): Remote(
        method="POST",
        path="/cases/{case}/review",
        body={"reason": "reason"},
        done="reviewed case {case}",
    ),
    ("case", "run"): Remote(
        method="POST",
        path="/cases/{case}/run",
        waits=True,
        after="/cases/{case}",
        only=_RUN,
        problems="waiting",
        fails=(("outcomes", "failed"), 1),
    ),
    ("case", "resume"): Remote(
        method="POST",
        path="/cases/{case}/resume",
        waits=True,
        after="/cases/{case}",
        only=_RUN,
        problems="waiting",
        fails=(("outcomes", "failed"), 1),
    ),
    ("case", "close"): Remote(
        method="POST",
        path="/cases/{case}/close",
        waits=True,
        after="/cases/{case}",
        only=("case", "state", "query", "reason", "ticket", "opened_by", "opened_at"),
        done="closed case {case}",
    ),
    ("case", "stop"): Remote(
        method="POST", path="/cases/{case}/stop", done="case {case} is {state}"
    ),
    ("case", "verify"): Remote(
        path="/cases/{case}/verification",
        fails=(("residual",), 5),
        problems="problems",
    ),
    ("case", "undo"): Remote(
        method="POST",
        path="/cases/{case}/undo",
        body={"accounts": given("account"), "to": "to"},
        waits=True,
        after="/cases/{case}/undo",
        fails=(("failed",), 1),
    ),
    ("case", "arm"): Remote(
        method="POST",
        path="/cases/{case}/arm",
        body={"hours": hours},
        done="late copies are caught until {until}",
    ),
    ("case", "disarm"): Remote(
        method="POST", path="/cases/{case}/disarm", done="disarmed case {case}"
    ),
    ("hold", "create"): Remote(
        method="POST",
        path="/holds",
        body={
            "query": filter_,
            "reason": "reason",
            "name": "name",
            "account": "account",
            "case": "case",
        },
        waits=True,
        after="/holds/{hold}",
        done="hold {hold} holds {copies} copies in {accounts} accounts: {query}",
    ),
    ("vault", "find"): Remote(
        path="/vault",
        query={"filter": filter_},
        columns=(
            *("item", "account", "mailbox", "author", "subject", "state"),
            *("expires_at", "hold"),
        ),
    ),
    ("hold", "list"): Remote(
        path="/holds",
        columns=(
            "hold",
            "state",
            "created_at",
            "created_by",
            "name",
            "query",
            "reason",
        ),
    ),
    ("hold", "show"): Remote(path="/holds/{hold}"),
    ("hold", "release"): Remote(
        method="POST",
        path="/holds/{hold}/release",
        body={"reason": "reason"},
        waits=True,
        after="/holds/{hold}",
        done="released hold {hold}",
    ),
}

WORK: dict[Path, Remote] = {**_MAIL, **_CASES}

"""What each command asks of a server, and how its answer is shown.

A word of a request is a parameter of the command, by name or read by a function.
What is not in `REMOTE` is for the machine that has the store.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from postwarden.cli.arguments import duration_of, quota_of, read_password
from postwarden.cli.query_words import query_text

Words = Mapping[str, Any]
Word = str | Callable[[Words], Any]
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """One command. `done` is a sentence with fields of the answer, `columns` a list's.

    One that `waits` does so for the end of the answer's task; then `after` is asked
    and its answer shown.
    `fails` are fields that make the exit status 1, or 5 for a residual.
    """

    method: str = "GET"
    path: str
    query: Mapping[str, Word] = field(default_factory=dict)
    body: Mapping[str, Word] | None = None
    done: str = ""
    columns: Sequence[str] = ()
    waits: bool = False
    after: str = ""
    fails: tuple[tuple[str, ...], int] | None = None
    instead: "Mapping[str, Remote]" = field(default_factory=dict)  # with this option
    only: Sequence[str] = ()  # fields shown, of an answer that has more


def _quota(words: Words) -> int | None:
    return quota_of(words["quota"])


def _password(words: Words) -> str | None:
    return read_password() if words["password_stdin"] else None


def _filter(words: Words) -> str | None:
    return query_text(words["query"]) if words["query"] else None


def _seconds(name: str) -> Callable[[Words], int | None]:
    def read(words: Words) -> int | None:
        duration = duration_of(words[name], field=name)
        return None if duration is None else round(duration.total_seconds())

    return read


def _since(words: Words) -> str | None:
    text = words["since"]
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        ago = duration_of(text, field="since") or timedelta()
        return (datetime.now(UTC) - ago).isoformat()


def _expires(words: Words) -> str | None:
    lives = duration_of(words["expires"], field="expires")
    return None if lives is None else (datetime.now(UTC) + lives).isoformat()


def _given(name: str) -> Callable[[Words], Any]:
    """Leave an empty list out, as one that was not given."""
    return lambda words: words[name] or None


def _hours(words: Words) -> int | None:
    lasts = duration_of(words["lasts"], field="lasts")
    return None if lasts is None else round(lasts.total_seconds() / 3600)


_QUOTAS: Mapping[str, Word] = {
    "quota_octets": _quota,
    "quota_messages": "quota_messages",
}
_DOMAIN: Mapping[str, Word] = {
    "delimiter": "delimiter",
    "default_quota_octets": _quota,
    "default_quota_messages": "quota_messages",
    "vault_retention_seconds": _seconds("vault_retention"),
    "removed_account_retention_seconds": _seconds("removed_account_retention"),
}
_IN_DOMAIN: Mapping[str, Word] = {"domain": "domain"}
_FOUND = ("account", "mailbox", "uid", "internal_date", "author", "subject", "state")
_EVENTS = (
    *("time", "event", "reverse_path", "forward_path", "account", "mailbox"),
    *("subject", "detail"),
)


def _entries(kind: str, plural: str, targets: str, option: str) -> dict[Path, Remote]:
    one = f"/{plural}/{{address}}"
    changes: Mapping[str, Word] = {
        targets: _given(option),
        "add": _given("add"),
        "remove": _given("remove"),
        "state": "state",
    }
    return {
        (kind, "create"): Remote(
            method="POST",
            path=f"/{plural}",
            body={"address": "address", targets: option},
            done=f"created {kind} {{address}}",
        ),
        (kind, "show"): Remote(path=one),
        (kind, "list"): Remote(
            path=f"/{plural}", query=_IN_DOMAIN, columns=("address", targets, "state")
        ),
        (kind, "change"): Remote(
            method="PATCH", path=one, body=changes, done=f"changed {kind} {{address}}"
        ),
        (kind, "remove"): Remote(
            method="DELETE", path=one, done=f"removed {kind} {{address}}"
        ),
    }


_DOMAINS: dict[Path, Remote] = {
    ("domain", "create"): Remote(
        method="POST",
        path="/domains",
        body={"domain": "domain", **_DOMAIN},
        done="created domain {domain}",
    ),
    ("domain", "show"): Remote(path="/domains/{domain}"),
    ("domain", "list"): Remote(
        path="/domains", columns=("domain", "catch_all", "postmaster", "created_at")
    ),
    ("domain", "change"): Remote(
        method="PATCH",
        path="/domains/{domain}",
        body={"postmaster": "postmaster", "catch_all": "catch_all", **_DOMAIN},
        done="changed domain {domain}",
    ),
    ("domain", "remove"): Remote(
        method="DELETE", path="/domains/{domain}", done="removed domain {domain}"
    ),
    ("domain-alias", "create"): Remote(
        method="POST",
        path="/domain-aliases",
        body={"domain_alias": "domain", "of": "of"},
        done="created domain alias {domain_alias} of {of}",
    ),
    ("domain-alias", "show"): Remote(path="/domain-aliases/{domain}"),
    ("domain-alias", "list"): Remote(
        path="/domain-aliases",
        query={"of": "of"},
        columns=("domain_alias", "of", "created_at"),
    ),
    ("domain-alias", "change"): Remote(
        method="PATCH",
        path="/domain-aliases/{domain}",
        body={"of": "of"},
        done="{domain_alias} is now a name of {of}",
    ),
    ("domain-alias", "remove"): Remote(
        method="DELETE",
        path="/domain-aliases/{domain}",
        done="removed domain alias {domain_alias}",
    ),
    ("catch-all", "create"): Remote(
        method="POST",
        path="/catch-alls",
        body={"domain": "domain", "to": "to"},
        done="{to} gets mail for unknown addresses of {domain}",
    ),
    ("catch-all", "show"): Remote(path="/catch-alls/{domain}"),
    ("catch-all", "list"): Remote(path="/catch-alls", columns=("domain", "to")),
    ("catch-all", "change"): Remote(
        method="PATCH",
        path="/catch-alls/{domain}",
        body={"to": "to"},
        done="{to} gets mail for unknown addresses of {domain}",
    ),
    ("catch-all", "remove"): Remote(
        method="DELETE",
        path="/catch-alls/{domain}",
        done="removed the catch-all of {domain}",
    ),
}

_ACCOUNTS: dict[Path, Remote] = {
    ("account", "create"): Remote(
        method="POST",
        path="/accounts",
        body={"address": "address", "name": "name", "password": _password, **_QUOTAS},
        done="created account {address}",
    ),
    ("account", "show"): Remote(path="/accounts/{address}"),
    ("account", "list"): Remote(
        path="/accounts",
        query=_IN_DOMAIN,
        columns=(
            *("address", "name", "state", "used_octets", "quota_octets"),
            "last_login_at",
        ),
    ),
    ("account", "change"): Remote(
        method="PATCH",
        path="/accounts/{address}",
        body={"name": "name", "password": _password, "state": "state", **_QUOTAS},
        done="changed account {address}",
    ),
    ("account", "rename"): Remote(
        method="POST",
        path="/accounts/{address}/rename",
        body={"address": "new_address"},
        done="renamed the account to {address}",
    ),
    ("account", "remove"): Remote(
        method="DELETE",
        path="/accounts/{address}",
        waits=True,
        done="removed account {address}; {vaulted_messages} messages are in the vault",
    ),
    ("forward", "create"): Remote(
        method="POST",
        path="/forwards",
        body={"address": "address", "to": "to", "keep_copy": "keep_copy"},
        done="{address} is forwarded",
    ),
    ("forward", "show"): Remote(path="/forwards/{address}"),
    ("forward", "list"): Remote(
        path="/forwards", query=_IN_DOMAIN, columns=("address", "to", "keep_copy")
    ),
    ("forward", "change"): Remote(
        method="PATCH",
        path="/forwards/{address}",
        body={"to": _given("to"), "keep_copy": "keep_copy"},
        done="changed the forward of {address}",
    ),
    ("forward", "remove"): Remote(
        method="DELETE",
        path="/forwards/{address}",
        done="removed the forward of {address}",
    ),
}

_MAIL: dict[Path, Remote] = {
    ("find",): Remote(
        path="/copies",
        query={"filter": _filter, "state": _given("state")},
        columns=_FOUND,
        instead={
            "count": Remote(
                path="/copies/count",
                query={"filter": _filter, "state": _given("state")},
            )
        },
    ),
    ("trace",): Remote(
        path="/ledger",
        query={"filter": _filter},
        columns=_EVENTS,
        instead={"count": Remote(path="/ledger/count", query={"filter": _filter})},
    ),
}

_RUN = ("case", "state", "outcomes")
_CASES: dict[Path, Remote] = {
    ("case", "open"): Remote(
        method="POST",
        path="/cases",
        body={"query": _filter, "reason": "reason", "ticket": "ticket"},
        done="opened case {case}: {query}",
    ),
    ("case", "edit"): Remote(
        method="PATCH",
        path="/cases/{case}",
        body={"query": _filter},
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
        fails=(("outcomes", "failed"), 1),
    ),
    ("case", "resume"): Remote(
        method="POST",
        path="/cases/{case}/resume",
        waits=True,
        after="/cases/{case}",
        only=_RUN,
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
        path="/cases/{case}/verification", fails=(("residual",), 5)
    ),
    ("case", "undo"): Remote(
        method="POST",
        path="/cases/{case}/undo",
        body={"accounts": _given("account"), "to": "to"},
        waits=True,
        after="/cases/{case}/undo",
        fails=(("failed",), 1),
    ),
    ("case", "arm"): Remote(
        method="POST",
        path="/cases/{case}/arm",
        body={"hours": _hours},
        done="late copies are caught until {until}",
    ),
    ("case", "disarm"): Remote(
        method="POST", path="/cases/{case}/disarm", done="disarmed case {case}"
    ),
    ("hold", "create"): Remote(
        method="POST",
        path="/holds",
        body={
            "query": _filter,
            "reason": "reason",
            "name": "name",
            "account": "account",
            "case": "case",
        },
        waits=True,
        after="/holds/{hold}",
        done="hold {hold} holds {copies} copies in {accounts} accounts: {query}",
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

_HOUSE: dict[Path, Remote] = {
    ("task", "list"): Remote(
        path="/tasks",
        query={"state": _given("state"), "name": "name"},
        columns=(
            *("task", "name", "subject", "state", "done", "total", "actor"),
            "created_at",
        ),
    ),
    ("task", "show"): Remote(path="/tasks/{task}"),
    ("task", "cancel"): Remote(
        method="POST",
        path="/tasks/{task}/cancel",
        body={"reason": "reason"},
        done="task {task} is {state}",
    ),
    ("admin", "create"): Remote(
        method="POST",
        path="/administrators",
        body={
            "name": "name",
            "role": "role",
            "domains": _given("domain"),
            "password": _password,
        },
        done="created admin {admin}",
    ),
    ("admin", "show"): Remote(path="/administrators/{name}"),
    ("admin", "list"): Remote(
        path="/administrators",
        columns=("admin", "role", "domains", "state", "last_login_at"),
    ),
    ("admin", "change"): Remote(
        method="PATCH",
        path="/administrators/{name}",
        body={
            "role": "role",
            "domains": _given("domain"),
            "everywhere": _given("everywhere"),
            "password": _password,
            "state": "state",
        },
        done="changed admin {admin}",
    ),
    ("admin", "remove"): Remote(
        method="DELETE", path="/administrators/{name}", done="removed admin {admin}"
    ),
    ("role", "create"): Remote(
        method="POST",
        path="/roles",
        body={
            "role": "role",
            "permissions": lambda words: words["allow"] or [],
            "description": "description",
        },
        done="created role {role}",
    ),
    ("role", "show"): Remote(path="/roles/{role}"),
    ("role", "list"): Remote(path="/roles", columns=("role", "builtin", "description")),
    ("role", "change"): Remote(
        method="PATCH",
        path="/roles/{role}",
        body={"permissions": _given("allow"), "description": "description"},
        done="changed role {role}",
    ),
    ("role", "remove"): Remote(
        method="DELETE", path="/roles/{role}", done="removed role {role}"
    ),
    ("key", "create"): Remote(
        method="POST",
        path="/keys",
        body={
            "actor": "actor",
            "expires": _expires,
            "permissions": _given("allow"),
            "networks": _given("networks"),
        },
    ),
    ("key", "list"): Remote(
        path="/keys",
        query={"actor": "actor"},
        columns=(
            *("id", "actor", "prefix", "state", "expires", "last_used_at", "networks"),
        ),
    ),
    ("key", "revoke"): Remote(
        method="DELETE", path="/keys/{id_}", done="revoked key {id}"
    ),
    ("audit", "list"): Remote(
        path="/audit",
        query={
            "actor": "actor",
            "dialect": "dialect",
            "object": "object_",
            "since": _since,
        },
        columns=("id", "time", "actor", "dialect", "action", "object"),
    ),
}

REMOTE: dict[Path, Remote] = {
    **_DOMAINS,
    **_ACCOUNTS,
    **_entries("alias", "aliases", "to", "to"),
    **_entries("group", "groups", "members", "member"),
    **_entries("list", "lists", "members", "member"),
    **_MAIL,
    **_CASES,
    **_HOUSE,
}

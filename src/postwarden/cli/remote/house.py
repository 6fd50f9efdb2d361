"""Commands about tasks, administrators and the audit log as requests."""

from postwarden.cli.remote.words import (
    Path,
    Remote,
    expires,
    given,
    password,
    since,
)

HOUSE: dict[Path, Remote] = {
    ("task", "list"): Remote(
        path="/tasks",
        query={"state": given("state"), "name": "name"},
        columns=(
            *("task", "name", "subject", "state", "done", "total", "actor"),
            "created_at",
        ),
    ),
    ("task", "show"): Remote(path="/tasks/{task}"),
    ("task", "retry"): Remote(
        method="POST",
        path="/tasks/{task}/retry",
        done="tried again as task {task}",
    ),
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
            "domains": given("domain"),
            "password": password,
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
            "domains": given("domain"),
            "everywhere": given("everywhere"),
            "password": password,
            "state": "state",
        },
        done="changed admin {admin}",
    ),
    ("admin", "remove"): Remote(
        method="DELETE", path="/administrators/{name}", done="removed admin {admin}"
    ),
    ("admin", "link"): Remote(method="POST", path="/administrators/{name}/links"),
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
        body={"permissions": given("allow"), "description": "description"},
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
            "expires": expires,
            "permissions": given("allow"),
            "networks": given("networks"),
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
    ("login", "list"): Remote(
        path="/login-attempts",
        query={"account": "account", "admin": "admin"},
        columns=(
            *("last_at", "account", "login", "client_ip", "protocol", "result"),
            "count",
        ),
    ),
    ("login", "sessions"): Remote(
        path="/sessions",
        query={"admin": "admin"},
        columns=("id", "admin", "factor", "last_seen_at", "client_ip"),
    ),
    ("login", "end"): Remote(
        method="DELETE", path="/sessions/{id_}", done="ended session {id}"
    ),
    ("audit", "list"): Remote(
        path="/audit",
        query={
            "actor": "actor",
            "dialect": "dialect",
            "object": "object_",
            "since": since,
        },
        columns=("id", "time", "actor", "dialect", "action", "object"),
    ),
}

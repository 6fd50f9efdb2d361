"""Commands of the directory as requests."""

from collections.abc import Mapping

from postwarden.cli.remote.words import (
    Path,
    Remote,
    Word,
    given,
    password,
    quota,
    seconds,
)

_QUOTAS: Mapping[str, Word] = {
    "quota_octets": quota,
    "quota_messages": "quota_messages",
}
_DOMAIN: Mapping[str, Word] = {
    "delimiter": "delimiter",
    "default_quota_octets": quota,
    "default_quota_messages": "quota_messages",
    "vault_retention_seconds": seconds("vault_retention"),
    "removed_account_retention_seconds": seconds("removed_account_retention"),
}
_IN_DOMAIN: Mapping[str, Word] = {"domain": "domain"}


def _entries(kind: str, plural: str, targets: str, option: str) -> dict[Path, Remote]:
    one = f"/{plural}/{{address}}"
    changes: Mapping[str, Word] = {
        targets: given(option),
        "add": given("add"),
        "remove": given("remove"),
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
        body={"address": "address", "name": "name", "password": password, **_QUOTAS},
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
        body={"name": "name", "password": password, "state": "state", **_QUOTAS},
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
        body={"to": given("to"), "keep_copy": "keep_copy"},
        done="changed the forward of {address}",
    ),
    ("forward", "remove"): Remote(
        method="DELETE",
        path="/forwards/{address}",
        done="removed the forward of {address}",
    ),
}

DIRECTORY: dict[Path, Remote] = {
    **_DOMAINS,
    **_ACCOUNTS,
    **_entries("alias", "aliases", "to", "to"),
    **_entries("group", "groups", "members", "member"),
    **_entries("list", "lists", "members", "member"),
}

"""Every service that acts for somebody asks what he may do, before anything else."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.docs import tree

SERVICES = tree.SOURCE / "services"
ASKING = {"require", "require_one", "require_for"}
ASKING_OF_OWNERS = {"mailbox_owner", "own_mailbox"}

PARTS = {
    "audit.record": "writes down what a service has done",
    "cases.excluding.exclusions": "a part of services that have asked",
    "cases.elsewhere.verifying.verify": "asks in its first transaction",
    "directory.files.write": "asks in its first transaction",
    "directory.rehearsing.copy_directory": "asks in each transaction",
    "cases.evidence.export": "asks in its first transaction",
    "cases.previewing.preview": "asks in its first transaction",
    "cases.reach.case": "a part of services that have asked",
    "cases.reach.is_visible": "a part of services that have asked",
    "cases.reach.searcher": "a part of services that have asked",
    "cases.reading.items": "asks in each transaction",
    "cases.reporting.report": "asks in its first transaction",
    "cases.previewing.draft": "asks in its first transaction",
    "cases.running.check": "asks in its first transaction",
    "cases.running.resume": "asks in its first transaction",
    "cases.running.start": "asks in its first transaction",
    "showing.show": "asks in its first transaction",
    "awaiting.wait_for": "looks by a service that asks",
    "entries.free_address": "a part of services that have asked",
    "keys.check_like": "a part of services that have asked",
    "logins.sessions.page": "one's own sessions need no right; those of others are asked for",
    "logins.sessions.end": "one's own sessions need no right; those of others are asked for",
    "logins.tokens.confine": "gives less than what one has come with",
    "keys.page": "one's own keys need no right; those of others are asked for",
    "keys.revoke": "one's own keys need no right; `access.api_key` asks for others",
    "mailboxes.acting.thrown_away": "a part of services that have asked",
    "mailboxes.appending.append": "asks in its first transaction",
    "mailboxes.keeping.remove_chunk": "a part of what `remove` has asked for",
    "mailboxes.own.is_hidden": "a part of services that have asked",
    "mailboxes.own.is_seen": "a part of services that have asked",
    "mailboxes.own.taken": "a part of services that have asked",
    "mailboxes.own.tell": "a part of services that have asked",
    "mailboxes.reading.details": "asks as `copies` does",
    "mailboxes.showing.content": "asks in its first transaction",
    "mailboxes.showing.contents": "asks in its first transaction",
    "owners.logged_in_as": "asks in its first transaction",
    "owners.log_in_as": "asks as it looks who is meant",
    "message_ids.groups": "a part of services that have asked",
    "message_ids.settled": "a part of services that have asked",
    "privileges.check_control": "a part of services that have asked",
    "privileges.check_grantable": "a part of services that have asked",
    "privileges.grantable_domains": "a part of services that have asked",
    "privileges.grantable_role": "a part of services that have asked",
    "privileges.keep_one": "a part of services that have asked",
    "systems.registry.named": "asks for each system, and for our own store nothing",
    "tracking_logs.exporting.pages": "asks in each transaction",
    "vault.redate": "a part of services that have asked",
    "entries.refuse_if_needed": "a part of services that have asked",
    "tasks.submit": "a part of services that have asked",
}
"""Functions that take an actor and ask for nothing, and why."""


def test_what_takes_an_actor_asks_for_a_permission_first() -> None:
    silent = {name for name, asks in _services() if not asks}
    assert silent == PARTS.keys()


def test_the_services_are_seen() -> None:
    assert len(dict(_services())) > 30


def _services() -> Iterator[tuple[str, bool]]:
    """Yield each public function that takes an actor, and whether it asks."""
    for path in sorted(SERVICES.rglob("*.py")):
        module = _module(path)
        if module == "access":
            continue
        for node in tree.syntax(path).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
                not node.name.startswith("_") and _takes_an_actor(node)
            ):
                own = module.startswith("mailboxes.") and _asks_whose(node)
                yield f"{module}.{node.name}", own or _asks_first(node)


def _module(path: Path) -> str:
    parts = path.relative_to(SERVICES).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _takes_an_actor(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(each.arg == "actor" for each in (*node.args.args, *node.args.kwonlyargs))


def _asks_first(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    body = [each for each in node.body if not _is_docstring(each)]
    match body[0]:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name("access"), name))):
            return name in ASKING
        case _:
            return False


def _asks_whose(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the first statement lets only the owner of the mail pass."""
    first = next(each for each in node.body if not _is_docstring(each))
    return any(
        isinstance(each, ast.Attribute) and each.attr in ASKING_OF_OWNERS
        for each in ast.walk(first)
    )


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)

"""docs/webhooks.md tells of every event, and its sample checks what we send."""

import ast
import re
import time
from collections.abc import Callable, Iterator

import pytest

from postwarden.model.directory import EntryKind
from postwarden.model.webhooks import NoticeName
from postwarden.services.notices import TOLD, UNTOLD
from postwarden.wire.webhooks import secret_text, signed_headers
from tests.docs import tree

PAGE = (tree.DOCS / "webhooks.md").read_text("utf-8")
KINDS = [kind for kind in EntryKind if kind is not EntryKind.ACCOUNT]
NAMED = {  # actions that stand in a variable when they are recorded
    ("deliveries", "action"): {"webhook.replay", "webhook.cancel"},
    ("own", "action"): {
        *("mail.append", "mail.copy", "mail.delete", "mail.flag", "mail.move"),
        *("mailbox.create", "mailbox.remove", "mailbox.rename", "message.show"),
        "vacation.change",
    },
    ("owners", "_ACTION"): {"account.log-in-as"},
    ("ledger_retention", "PURGE"): {"ledger.purge"},
    ("running", "action"): {"case.run", "case.resume"},
    ("chunks", "action"): {
        *("case.act", "case.return", "case.order", "case.order-return"),
    },
    ("forwards", "f'forward.{verb}'"): {"forward.create", "forward.change"},
}


def test_every_event_is_documented_once_and_no_other() -> None:
    described = {
        row[0]: row[1] for row in tree.table(tree.DOCS / "webhooks.md", "Event")
    }
    assert list(described) == [f"`{name}`" for name in NoticeName]
    assert all(described.values())


def test_every_audited_action_is_told_or_is_not_on_purpose() -> None:
    actions = set(_actions())
    assert len(actions) > 30
    assert actions == TOLD.keys() | UNTOLD


def test_every_event_is_told_by_something() -> None:
    source = "".join(path.read_text("utf-8") for path in tree.SOURCE.rglob("*.py"))
    told = {*TOLD.values(), NoticeName.WEBHOOK_TEST}
    told |= {
        name
        for name in NoticeName
        if re.search(rf"\btell(\(\s*uow)?,\s+NoticeName\.{name.name}\b", source)
    }
    told.add(NoticeName.ACCOUNT_PASSWORD_CHANGED)
    assert told == set(NoticeName)


def _actions() -> Iterator[str]:
    for path in sorted(tree.SOURCE.rglob("*.py")):
        for node in ast.walk(tree.syntax(path)):
            match node:
                case ast.Call(
                    ast.Attribute(ast.Name("audit"), "record"),
                    [_, _, action, *_],
                ):
                    yield from _named(path.stem, action)
                case ast.Call(_, [ast.Attribute(ast.Name("audit"), "record"), *others]):
                    yield from _named(path.stem, others[1])


def _named(module: str, action: ast.expr) -> Iterator[str]:
    match action:
        case ast.Constant(str(name)):
            yield name
        case ast.IfExp(_, one, other):
            yield from _named(module, one)
            yield from _named(module, other)
        case ast.JoinedStr(
            [ast.FormattedValue(ast.Name("kind")), ast.Constant(str(verb))]
        ):
            yield from (f"{kind}{verb}" for kind in KINDS)
        case _:
            yield from NAMED[module, ast.unparse(action)]


@pytest.fixture
def verify() -> Callable[..., bytes]:
    """The function that the page shows."""
    found = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    names: dict[str, Callable[..., bytes]] = {}
    exec(found[1], names)
    return names["verified"]


KEY = b"k" * 32
BODY = b'{"type":"account.created"}'


def test_the_sample_takes_what_we_send(verify: Callable[..., bytes]) -> None:
    headers = signed_headers([KEY], "01abc", int(time.time()), BODY)
    assert verify(secret_text(KEY), headers, BODY) == BODY


def test_the_sample_knows_either_secret_while_one_is_changed(
    verify: Callable[..., bytes],
) -> None:
    new = b"n" * 32
    headers = signed_headers([new, KEY], "01abc", int(time.time()), BODY)
    assert len(headers["webhook-signature"].split()) == 2
    for key in (KEY, new):
        assert verify(secret_text(key), headers, BODY) == BODY


@pytest.mark.parametrize(
    ("age", "key", "body"),
    [
        (0, b"other" * 6, BODY),
        (0, KEY, BODY + b" "),
        (301, KEY, BODY),
        (-301, KEY, BODY),
    ],
)
def test_the_sample_refuses_what_is_forged_altered_or_replayed(
    verify: Callable[..., bytes], age: int, key: bytes, body: bytes
) -> None:
    headers = signed_headers([key], "01abc", int(time.time()) - age, BODY)
    with pytest.raises(ValueError, match="not from Postwarden|too old"):
        verify(secret_text(KEY), headers, body)

"""What each dialect offers, and which of it a test covers."""

import contextlib
import inspect
from collections.abc import Callable, Iterable, Sequence

from postwarden.dialects.james import routes as james_routes
from postwarden.dialects.james.decoding import segments_of
from postwarden.dialects.james.envelope import BadMessage
from postwarden.dialects.james.routing import Table
from postwarden.dialects.kit.routing import Routes
from postwarden.dialects.smartermail import routes as smartermail
from postwarden.dialects.smartermail.routes.absent import ABSENT
from scripts.pages import page, table
from tests.support import covering
from tests.support.exchanges import deviations, documented

JAMES = covering.folders("james")[0]
_TICK = "✓"


def tick(name: str, covered: Iterable[str]) -> str:
    """Return a tick for an operation that a test covers, and only for such a one."""
    return _TICK if name in covered else ""


def meaning(handler: Callable[..., object]) -> str:
    """Return the first paragraph of what is said of an operation."""
    return " ".join((inspect.getdoc(handler) or "").partition("\n\n")[0].split())


def played(
    dialect: str, routes: Sequence[tuple[str, str]], *, below: str = ""
) -> set[str]:
    """Return the operations that a documented exchange of a dialect succeeds with."""
    found = Routes((m, p, f"{m} {p}") for m, p in routes)
    names = set[str]()
    for folder in covering.folders(dialect):
        for path in folder.glob("*.yaml"):
            for step in documented.read(path):
                if step.asked and step.recorded.status < 300:
                    asked = step.asked.path.removeprefix(below)
                    names.add(found.find(step.asked.method, asked.rstrip("/"))[0])
    return names


def smartermail_covered() -> set[str]:
    """Return the calls of SmarterMail that a test covers."""
    routes = [(each.method, each.path) for each in smartermail.OFFERED]
    return covering.covered("smartermail") | played("smartermail", routes)


def smartermail_page() -> str:
    """Return what of SmarterMail's API is offered, and what is not."""
    covered = smartermail_covered()
    offered = [
        [
            f"`{each.name}`",
            meaning(each.handler),
            each.reach.value,
            tick(each.name, covered),
        ]
        for each in smartermail.OFFERED
    ]
    absent = [
        [f"`{method} {path}`", reason] for (method, path), reason in ABSENT.items()
    ]
    return page(
        "SmarterMail: what is offered",
        "Below `/api/v1`; [smartermail.md](smartermail.md) tells how it differs. A\n"
        "tick stands where a test holds the answer against what is documented of it.",
        [
            *table(["Call", "What it does", "For", "Tested"], offered),
            *("", "## Not offered", ""),
            "These answer `NOT_OFFERED` to whoever is logged in.",
            "",
            *table(["Call", "Why"], absent),
        ],
    )


def james_covered() -> set[str]:
    """Return the operations of James that a recording, or another test, covers."""
    table, names = Table(james_routes.ROUTES), set[str]()
    differing = deviations.read(JAMES / "deviations.toml")
    for path in JAMES.glob("3.6.2-*/*.jsonl"):
        recording = f"{path.parent.name}/{path.stem}"
        for step in deviations.applied(JAMES, recording, differing):
            if step.asked and step.recorded.status < 300:
                with contextlib.suppress(BadMessage):
                    segments = segments_of(step.asked.path)
                    operation, _ = table.find(step.asked.method, segments)
                    names |= {operation.name} if operation else set()
    return covering.covered("james") | names


def james_page() -> str:
    """Return what of WebAdmin is offered, and where it answers otherwise."""
    covered = james_covered()
    offered = [
        [f"`{each.name}`", meaning(each.handler), tick(each.name, covered)]
        for each in james_routes.ROUTES
    ]
    differing = [
        [
            each.recording.partition("/")[2],
            ", ".join(map(str, each.numbers)),
            each.reason,
        ]
        for each in deviations.read(JAMES / "deviations.toml")
    ]
    return page(
        "Apache James: what is offered",
        "[james.md](james.md) tells how to come in and what differs. A tick stands\n"
        "where a test holds the answer against what a James 3.6.2 answered.",
        [
            *table(["Call", "What it does", "Tested"], offered),
            *("", "## Where answers are not those of a James", ""),
            "Recordings are in `tests/conformance/james`; every other step of them is",
            "answered as it was recorded.",
            "",
            *table(["Recording", "Steps", "Why"], differing),
        ],
    )

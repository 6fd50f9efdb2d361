"""Pages that must say everything: those made from code, and the ledger's events."""

from postwarden.model.ledger import Event
from scripts import generate_docs
from tests.docs import tree


def test_generated_pages_are_what_the_code_makes() -> None:
    assert generate_docs.stale() == [], "run `make docs`"


def test_every_ledger_event_is_documented() -> None:
    described = {row[0]: row[1] for row in tree.table(tree.DOCS / "events.md", "Event")}
    assert list(described) == [event.value for event in Event]
    assert all(described.values())

"""Decision records: complete, numbered, and found by whoever refers to them."""

import re
from pathlib import Path

import pytest

from tests.docs import tree

RECORDS = sorted((tree.DOCS / "decisions").glob("*.md"))
STATUS = re.compile(r"^Status: (proposed|accepted|superseded by \d{4})$", re.MULTILINE)


def test_records_are_numbered_without_gaps() -> None:
    numbers = [int(record.name[:4]) for record in RECORDS]
    assert numbers == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name[:4])
def test_a_record_has_its_parts(record: Path) -> None:
    text = record.read_text("utf-8")
    assert re.fullmatch(r"\d{4}(-[a-z0-9]+)+\.md", record.name)
    assert text.startswith(f"# {record.name[:4]} ")
    assert re.search(r"^Date: \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert STATUS.search(text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequences",
    ]


def test_every_record_that_is_referred_to_exists() -> None:
    known = {record.name[:4] for record in RECORDS}
    cited = {
        number
        for path in tree.modules()
        for _, text in tree.remarks(path)
        for number in re.findall(r"docs/decisions/(\d{4})", text)
    }
    assert cited <= known


def test_every_page_that_is_referred_to_exists() -> None:
    """In code as `docs/page.md`, in pages as a relative link."""
    missing = {
        name
        for path in tree.modules()
        for _, text in tree.remarks(path)
        for name in re.findall(r"docs/[\w/-]+\.md", text)
        if not (tree.ROOT / name).exists()
    }
    for page in [*tree.ROOT.glob("*.md"), *tree.DOCS.rglob("*.md")]:
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        missing |= {
            f"{tree.name_of(page)}: {link}"
            for link in links
            if not (page.parent / link).exists()
        }
    assert not missing

"""Marks of tests are read from their source."""

from tests.support.covering import covered, covers, marks

SOURCE = """
@covers("GET /a", "POST /b")
async def test_one() -> None: ...

class Tests:
    @covers("GetItem")
    @other("GET /no")
    def test_two(self) -> None: ...
"""


def test_marks_name_operations() -> None:
    assert sorted(marks(SOURCE)) == ["GET /a", "GetItem", "POST /b"]


def test_a_mark_is_one_of_pytest() -> None:
    mark = covers("GET /a").mark
    assert (mark.name, mark.args) == ("covers", ("GET /a",))


def test_a_dialect_without_tests_covers_nothing() -> None:
    assert covered("no such dialect") == set()

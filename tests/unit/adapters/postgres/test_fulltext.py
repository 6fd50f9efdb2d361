"""Long texts in vectors of bounded size: every phrase is still found."""

import random
from collections.abc import Iterator

import psycopg
import pytest

from postwarden.adapters.sql.indexed_words import lexeme
from postwarden.adapters.sql.postgres import fulltext
from postwarden.model.queries.readers import MAX_PHRASE
from tests.support.factories import search_text

CHANCE = random.Random(11)
TEXTS = {
    "short": "one two three",
    "empty": "",
    "longer than a vector has positions": " ".join(f"w{n}" for n in range(40_000)),
    "one word again and again": " ".join(["again"] * 3000),
    "few words in many orders": " ".join(CHANCE.choices("abc", k=4000)),
    "words as long as they get": " ".join(f"{n:0>255}" for n in range(6000)),
}


@pytest.fixture
def database(url: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("name", TEXTS)
def test_every_phrase_is_in_some_part(
    name: str, database: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    words = TEXTS[name].split()
    vectors = list(fulltext.vectors(search_text(1, body=TEXTS[name])))
    assert bool(vectors) == bool(words)
    database.execute("CREATE TEMPORARY TABLE parts (words tsvector)")
    database.cursor().executemany(
        "INSERT INTO parts VALUES (CAST(%s AS tsvector))", [(v,) for v in vectors]
    )

    def is_found(phrase: list[str]) -> bool:
        query = " <-> ".join(lexeme("b", word) for word in phrase)
        row = database.execute(
            "SELECT EXISTS (SELECT FROM parts WHERE words @@ CAST(%s AS tsquery))",
            (query,),
        ).fetchone()
        return row == (True,)

    for length in (1, 2, MAX_PHRASE):
        last = len(words) - length
        if last < 0:
            continue
        for begin in {0, last, *CHANCE.choices(range(last + 1), k=15)}:
            assert is_found(words[begin : begin + length]), (begin, length)
    assert not is_found(["nowhere"])
    if words:
        assert not is_found([words[-1], "nowhere"])


def test_fields_are_not_taken_for_one_another(url: str) -> None:
    text = search_text(
        1,
        subject="red",
        body="green",
        author="blue",
        header_to="black",
        cc="white",
        filenames="grey",
    )

    (vector,) = fulltext.vectors(text)

    assert vector == ("'sred':1 'bgreen':2 'ablue':3 'tblack':4 'cwhite':5 'fgrey':6")

"""Where a term means nothing it is refused by name."""

import pytest

from postwarden.model.errors import Invalid
from postwarden.model.queries import SCOPES, Query, Scope, check_scope, parse
from tests.unit.model.queries.strategies import DIGESTS, NOW

VALUES = {
    "rcpt": "a@b.example",
    "envelope-from": "<>",
    "account": "@b.example",
    "before": "2026-01-01",
    "after": "2026-01-01",
    "older": "7d",
    "newer": "7d",
    "larger": "1",
    "smaller": "1",
    "attachment-sha256": DIGESTS[0],
    "sha256": DIGESTS[0],
    "similar": DIGESTS[0],
    "event": "DELIVER",
    "ip": "::1",
}


def read(text: str) -> Query:
    return parse(text, now=NOW)


def written(term: str) -> str:
    return term if ":" in term else f"{term}:{VALUES.get(term, 'x')}"


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("term", SCOPES)
def test_every_term_works_where_the_table_says(term: str, scope: Scope) -> None:
    query = read(f"cc:word (to:a OR -{written(term)})")
    if scope in SCOPES[term]:
        check_scope(query, scope)
        return
    with pytest.raises(Invalid) as caught:
        check_scope(query, scope)
    assert caught.value.field == term.partition(":")[0]
    assert str(caught.value).startswith(f"{term if ':' in term else f'{term}:'} at")
    assert scope in str(caught.value)


@pytest.mark.parametrize("scope", Scope)
def test_all_works_everywhere(scope: Scope) -> None:
    check_scope(read("all"), scope)


@pytest.mark.parametrize("scope", [each for each in Scope if each is not Scope.HOLD])
def test_bare_words_work_everywhere_but_in_holds(scope: Scope) -> None:
    check_scope(read('word "a phrase" wild*'), scope)


@pytest.mark.parametrize("text", ["word", '-"a phrase"', "cc:a OR wild*"])
def test_a_hold_refuses_words_of_the_text(text: str) -> None:
    with pytest.raises(Invalid, match="a bare word means nothing in hold") as caught:
        check_scope(read(text), Scope.HOLD)
    assert caught.value.field == "body"


@pytest.mark.parametrize("text", ["is:read", "is:unread", "in:inbox", "event:READ"])
def test_a_tree_without_its_terms_is_checked_too(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_scope(Query(read(text).root), Scope.HOLD)
    assert caught.value.field == text.partition(":")[0]


def test_a_hold_refuses_moving_times_and_takes_fixed_ones() -> None:
    with pytest.raises(Invalid, match=r"^older: at position 6 .* never change"):
        check_scope(read("cc:a older:7d"), Scope.HOLD)
    check_scope(read("cc:a before:2026-11-14"), Scope.HOLD)

"""Trees of terms: one shape, walking, replacing leaves."""

from hypothesis import given

from postwarden.model.errors import Invalid
from postwarden.model.queries import (
    All,
    And,
    Leaf,
    Node,
    Not,
    Or,
    Query,
    Sha256,
    Similar,
    SimilarTo,
    Trait,
    leaves,
    parse,
    rewrite,
    states,
)
from postwarden.model.queries.trees import all_of, any_of, negated
from tests.unit.model.queries.strategies import DIGESTS, NOW, query_texts

A, B, C = (Sha256(letter * 64) for letter in "abc")


def read(text: str) -> Query:
    return parse(text, now=NOW)


def test_conjunctions_are_flat_and_say_nothing_twice() -> None:
    assert all_of([A, And((B, C)), A]) == And((A, B, C))
    assert all_of([A, A]) == A
    assert all_of([All(), A]) == A
    assert all_of([]) == All()


def test_disjunctions_are_flat_and_say_nothing_twice() -> None:
    assert any_of([A, Or((B, C)), A]) == Or((A, B, C))
    assert any_of([A]) == A
    assert any_of([A, All()]) == All()


def test_two_negations_are_none() -> None:
    assert negated(negated(A)) == A
    assert negated(A) == Not(A)


def test_leaves_come_from_left_to_right() -> None:
    query = Query(And((A, Not(Or((B, C))), B)))
    assert list(leaves(query)) == [A, B, C, B]


def test_states_are_those_that_the_query_names() -> None:
    assert states(read("from:ada is:read")) == set()
    assert states(read("from:ada (is:live OR -is:vaulted)")) == {
        Trait.LIVE,
        Trait.VAULTED,
    }


def test_an_edge_replaces_files_by_what_they_are() -> None:
    query = read("a -(similar:file:/x OR similar:<a@b>)")

    def known(leaf: Leaf) -> Node:
        if leaf == Similar(SimilarTo.FILE, "/x"):
            return Similar(SimilarTo.SHA256, DIGESTS[0])
        return leaf

    replaced = rewrite(query, known)

    assert replaced == read(f"a -(similar:{DIGESTS[0]} OR similar:<a@b>)")
    assert replaced.terms == query.terms


def test_a_replaced_tree_keeps_its_shape() -> None:
    query = Query(And((A, Not(Or((B, C))))))
    assert rewrite(query, lambda leaf: A if leaf != C else And((A, B))).root == And(
        (A, Not(Or((A, And((A, B))))))
    )
    assert rewrite(query, lambda _leaf: A).root == And((A, Not(A)))


@given(query_texts())
def test_replacing_nothing_changes_nothing(text: str) -> None:
    try:
        query = read(text)
    except Invalid:
        return
    assert rewrite(query, lambda leaf: leaf) == query

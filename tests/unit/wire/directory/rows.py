"""Rows of a directory file, made up."""

from hypothesis import strategies as st

from postwarden.wire.directory import FIELDS, LISTS, Row, RowKind, Value

TEXTS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=12)
NUMBERS = st.integers(0, 2**60).map(str)
ADDRESSES = st.sampled_from(
    ["ada@example.org", '"b b"@example.org', "=cmd@example.org", "yes@no.example"]
)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    kind = draw(st.sampled_from(RowKind))
    return Row(0, kind, {name: draw(_values(name)) for name in FIELDS[kind]})


def _values(name: str) -> st.SearchStrategy[Value]:
    if name in LISTS:
        return st.lists(ADDRESSES, max_size=3).map(tuple)
    if name == "keep_copy":
        return st.sampled_from(["true", "false"])
    return NUMBERS if "quota" in name else TEXTS | st.sampled_from(["no", "~", "1e3"])

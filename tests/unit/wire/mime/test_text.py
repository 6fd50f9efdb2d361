"""Readable text out of HTML and the like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire.mime import text


@pytest.mark.parametrize(
    ("source", "readable"),
    [
        ("plain", "plain"),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("w<b>or</b>d <i>two</i>", "word two"),
        ("a<br>b<hr/>c", "a\nb\nc"),
        ("<td>a</td><td>b</td>", "a\nb"),
        ("a &amp; b &lt;p&gt; &eacute; &#233; &#xe9;", "a & b <p> é é é"),
        ("&nbsp;a&nbsp;b&nbsp;", "a b"),
        ("a<!-- hidden <b> -->b", "a b"),
        ("a<!-->b", "a b"),
        ("a<!-- never closed", "a"),
        ("a<script>var x = '<p>';</script>b", "a b"),
        ("a<STYLE type=x>p { }</sTyLe >b", "a b"),
        ("a<script>never closed", "a"),
        ("<scripted>a</scripted>", "a"),
        ("<style>a</style><p>b", "b"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<!DOCTYPE html><?xml?><html><title>t</title>", "t"),
        ("<p\n class='x'\n>a</p\n>", "a"),
        ("line\nbreaks\n\n are spaces", "line breaks are spaces"),
        ("vi\u00adag\u200bra", "viagra"),
        ("e\u0301", "é"),
        ("&#0;&#55296;&#9999999;a", "\ufffd\ufffd\ufffda"),
        ("&#x;&#;&nonsense;", "&#x;&#;&nonsense;"),
        ("&#99999999999999999999;a", "\ufffd9999999999999;a"),
        ("<o:p>a</o:p>b", "ab"),
    ],
)
def test_html_is_read_as_people_see_it(source: str, readable: str) -> None:
    assert text.html_text(source) == readable


@given(st.text("<>!-/abp &#x;'\"scriptyle\n", max_size=200))
def test_any_html_is_read(source: str) -> None:
    readable = text.html_text(source)

    assert readable == readable.strip()
    assert "\n\n" not in readable


def test_plain_text_is_tidied() -> None:
    assert text.tidy(" a\r\nb\rc\0\x1b\n\td\u00a0e ") == "a\nb\nc\n\td e"


@pytest.mark.parametrize(
    ("source", "shows"),
    [
        ("<img SRC = 'x'>", True),
        ("<a href='x'></a>", True),
        ("<p style='background: url(x)'>", True),
        ("<html><body></body></html>", False),
    ],
)
def test_html_without_words_may_show_something(source: str, shows: bool) -> None:
    assert text.html_shows_something(source) is shows

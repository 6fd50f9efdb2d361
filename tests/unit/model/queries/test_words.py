"""One tokenizer: what is a word, and that index and scan cannot disagree."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postwarden.model.queries import has_phrase, word_line, words_of
from postwarden.model.queries.words import MAX_WORD


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Quarterly Report, 2026!", ["quarterly", "report", "2026"]),
        ("foo_bar foo-bar o'brien", ["foo", "bar", "foo", "bar", "o", "brien"]),
        ("ada@example.org", ["ada", "example", "org"]),
        ("", []),
        ("--- *** ---", []),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("oﬃce ｏｆｆｉｃｅ 𝐨𝐟𝐟𝐢𝐜𝐞", ["office"] * 3),  # noqa: RUF001  look-alikes
        ("na\u00efve nai\u0308ve", ["na\u00efve"] * 2),
        ("ΌΔΟΣ όδος", ["όδοσ"] * 2),
        ("हिन्दी किताब", ["हिन्दी", "किताब"]),
        ("한국어 문서", ["한국어", "문서"]),
        ("O\u00b4Brien", ["o", "brien"]),
        ("a\udce4b", ["a", "b"]),
    ],
)
def test_text_becomes_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    "invisible", ["\u00ad", "\u200b", "\u200d", "\ufeff", "\ufe0f"]
)
def test_what_cannot_be_seen_does_not_break_a_word(invisible: str) -> None:
    assert words_of(f"in{invisible}voice") == ["invoice"]


def test_scripts_without_spaces_give_one_word_a_character() -> None:
    assert words_of("会议ABC報告テスト") == [*"会议", "abc", *"報告テスト"]


def test_marks_stay_with_their_letter_in_scripts_without_spaces() -> None:
    assert words_of("ข้อก") == ["ข้", "อ", "ก"]


def test_a_mark_without_a_letter_is_no_word() -> None:
    assert words_of("\u0301 \u0301abc") == ["abc"]


def test_a_long_word_is_cut_alike_everywhere() -> None:
    assert words_of("a" * 1000) == ["a" * MAX_WORD]
    assert words_of("ä" * 1000) == ["ä" * MAX_WORD]


def test_a_tower_of_marks_is_cut() -> None:
    """Normalising it whole would take quadratic time."""
    (word,) = words_of("a" + "\u0301\u0316" * 100_000)
    assert len(word) <= 31


@given(st.text())
@example("ß\u0345\u0301")
@example("ΐ" + "\u0301" * 40)
def test_words_are_words_again(text: str) -> None:
    words = words_of(text)
    assert words_of(" ".join(words)) == words
    assert all(words)
    assert not any(character.isspace() for word in words for character in word)


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_ascii_and_other_text_go_the_same_way(text: str) -> None:
    assert words_of(f"{text} ä") == [*words_of(text), "ä"]


@given(st.text(), st.text())
def test_words_of_two_texts_are_the_words_of_both(one: str, other: str) -> None:
    assert words_of(f"{one}\n{other}") == words_of(one) + words_of(other)


@given(
    st.lists(st.sampled_from(["a", "ab", "b", "ä"]), max_size=8),
    st.lists(st.sampled_from(["a", "ab", "b", "ä"]), min_size=1, max_size=3),
    st.booleans(),
)
def test_a_phrase_is_found_where_its_words_follow_each_other(
    text: list[str], phrase: list[str], prefix: bool
) -> None:
    *first, last = phrase
    runs = (text[i : i + len(phrase)] for i in range(len(text) - len(phrase) + 1))
    expected = any(
        run[:-1] == first and (run[-1].startswith(last) if prefix else run[-1] == last)
        for run in runs
    )
    assert has_phrase(word_line(" ".join(text)), phrase, prefix=prefix) == expected

"""Mailbox names as paths, and modified UTF-7."""

from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postwarden.wire import mutf7, paths

letters = st.sampled_from("ab1. %-&\\:*é日\U0001f600") | st.characters(codec="utf-8")
names = st.lists(
    st.text(letters, min_size=1, max_size=20).filter(lambda level: "/" not in level)
    | st.sampled_from(["1.eml", "index.jsonl", "x.mbox", "cur", "é" * 300, "%" * 200]),
    min_size=1,
    max_size=4,
).map("/".join)


@given(names)
@example("a" * 255)
@example("😀" * 255)
@example(("." * 199) + "é")
def test_the_folders_of_a_mailbox_lead_back_to_it(name: str) -> None:
    folders = list(paths.folders_of(name))
    assert paths.mailbox_of(folders) == name


@given(names)
def test_folders_can_be_made_and_lead_nowhere_else(name: str) -> None:
    for folder in paths.folders_of(name):
        assert 0 < len(folder.encode()) <= 210
        assert PurePosixPath(folder).name == folder
        assert folder not in {".", ".."}
        assert "\0" not in folder


@given(st.lists(names, max_size=6, unique=True))
def test_no_two_mailboxes_share_a_folder(mailboxes: list[str]) -> None:
    assert len({tuple(paths.folders_of(name)) for name in mailboxes}) == len(mailboxes)


@pytest.mark.parametrize(
    "name", [".hidden", "1.eml", "index.jsonl", "INDEX.jsonl", "a.mbox", "cur", "new"]
)
def test_a_mailbox_meets_none_of_our_own_files(name: str) -> None:
    [folder] = paths.folders_of(name)
    assert folder.casefold() != name.casefold()
    assert not folder.startswith(".")


@pytest.mark.parametrize(
    ("folders", "name"),
    [
        ([], ""),
        (["Sent", "2024"], "Sent/2024"),
        (["100%"], "100%"),
        (["100%", "x"], "100%/x"),
        (["%zz"], "%zz"),
        (["%FF"], "%FF"),
        (["\udcff"], "\udcff"),
        (["\udcff%41"], "\udcff%41"),
    ],
)
def test_folders_of_others_are_taken_by_their_names(
    folders: list[str], name: str
) -> None:
    assert paths.mailbox_of(folders) == name


@pytest.mark.parametrize(
    ("text", "coded"),
    [
        ("Entwürfe", "Entw&APw-rfe"),
        ("R&D", "R&-D"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
    ],
)
def test_modified_utf_7_is_that_of_the_standard(text: str, coded: str) -> None:
    assert mutf7.encode(text) == coded
    assert mutf7.decode(coded) == text


@given(st.text(st.characters(codec="utf-8")))
def test_modified_utf_7_leads_back(text: str) -> None:
    coded = mutf7.encode(text)
    assert all(" " <= c <= "~" for c in coded)
    assert mutf7.decode(coded) == text


@given(st.text(st.sampled_from("&-+,/=aAz0ü ")))
def test_any_text_can_be_decoded(text: str) -> None:
    assert isinstance(mutf7.decode(text), str)


@pytest.mark.parametrize("text", ["&", "a&b", "&AA-", "&2D0-", "&A-", "ü&-"])
def test_text_that_is_not_modified_utf_7_stays(text: str) -> None:
    assert mutf7.decode(text) == text

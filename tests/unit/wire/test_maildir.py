"""Maildirs: flags in file names, mailboxes in folder names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire import maildir

# What mailbox names are made of, and what folder names treat specially.
levels = st.text(
    st.sampled_from("abAB .&~-+,üß€日\U0001f600%:;") | st.characters(codec="utf-8"),
    min_size=1,
    max_size=12,
).filter(lambda level: "/" not in level)


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("1.a.host:2,", []),
        ("1.a.host:2,S", ["\\Seen"]),
        (
            "1.a.host:2,DFRST",
            ["\\Draft", "\\Flagged", "\\Answered", "\\Seen", "\\Deleted"],
        ),
        ("1.a.host,S=12,W=13:2,PS", ["$Forwarded", "\\Seen"]),
        ("1.a.host:2,Sab", ["\\Seen", "$Junk", "todo"]),
        ("1.a.host:2,Sz", ["\\Seen"]),
        ("1.a.host;2,SS", ["\\Seen"]),
        ("1.a.host", []),
        ("1.a.host:1,S", []),
        ("1.a.host:2,S.old", []),
    ],
)
def test_flags_stand_at_the_end_of_a_name(name: str, flags: list[str]) -> None:
    assert maildir.flags_of(name, {"a": "$Junk", "b": "todo"}) == flags


def test_keywords_have_letters_in_a_file() -> None:
    text = "0 $Junk\n1 todo\n26 too-many\nx y\n2 two words\n3 bad(one\n4 \n25 last\n"
    assert maildir.parse_keywords(text) == {"a": "$Junk", "b": "todo", "z": "last"}


@given(st.text())
def test_any_text_may_stand_in_a_keyword_file(text: str) -> None:
    for letter, name in maildir.parse_keywords(text).items():
        assert "a" <= letter <= "z"
        assert not any(c.isspace() for c in name)


def test_written_keywords_are_read() -> None:
    assert maildir.parse_keywords(maildir.format_keywords(["x", "y"])) == {
        "a": "x",
        "b": "y",
    }


@pytest.mark.parametrize(
    ("folder", "mailbox"),
    [
        (".Sent", "Sent"),
        (".A.B", "A/B"),
        (".Entw&APw-rfe", "Entwürfe"),
        (".Entwürfe", "Entwürfe"),
        (".R&-D", "R&D"),
        (".R&D", "R&D"),
        (".v1%2E0", "v1.0"),
        (".50%", "50%"),
    ],
)
def test_folders_name_mailboxes(folder: str, mailbox: str) -> None:
    assert maildir.mailbox_of(folder) == mailbox


@given(st.lists(levels, min_size=1, max_size=4))
def test_the_folder_of_a_mailbox_leads_back_to_it(names: list[str]) -> None:
    mailbox = "/".join(names)
    folder = maildir.folder_of(mailbox)
    assert maildir.mailbox_of(folder) == mailbox
    assert folder.isascii()
    assert "/" not in folder
    assert folder.startswith(".")


@given(st.sampled_from(["\\Seen", "\\Answered", "\\Deleted", "$Forwarded", "todo"]))
def test_a_flag_that_was_written_is_read(flag: str) -> None:
    letter = maildir.letter_of(flag, {"todo": "a"})
    assert maildir.flags_of(f"1:2,{letter}", {"a": "todo"}) == [flag]

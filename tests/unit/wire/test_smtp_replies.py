"""Replies on the wire."""

from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire.smtp.replies import MAX_REPLY_LINE, Reply


def test_a_reply_has_a_code_an_enhanced_code_and_a_text() -> None:
    assert Reply(250, "2.1.0", "Sender OK").octets == b"250 2.1.0 Sender OK\r\n"


def test_a_reply_of_several_lines_repeats_its_codes() -> None:
    assert Reply(550, "5.7.1", "a\nb").octets == b"550-5.7.1 a\r\n550 5.7.1 b\r\n"


def test_hello_and_challenges_have_no_enhanced_code() -> None:
    assert Reply(250, None, "mx\nDSN").octets == b"250-mx\r\n250 DSN\r\n"
    assert Reply(334, None, "").octets == b"334 \r\n"


def test_permanent_means_five() -> None:
    assert Reply(550, "5.1.1", "").is_permanent
    assert not Reply(452, "4.2.2", "").is_permanent


@given(st.text())
def test_no_text_can_forge_a_reply(text: str) -> None:
    octets = Reply(250, "2.0.0", text).octets

    lines = octets.split(b"\r\n")
    assert lines.pop() == b""
    assert len(lines) == text.count("\n") + 1
    for line in lines:
        assert len(line) + 2 <= MAX_REPLY_LINE
        assert all(0x20 <= octet < 0x7F for octet in line)
    assert all(line.startswith(b"250-2.0.0 ") for line in lines[:-1])
    assert lines[-1].startswith(b"250 2.0.0 ")

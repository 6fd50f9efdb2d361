"""Command lines, paths and parameters."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire.smtp import commands
from postwarden.wire.smtp.commands import Command, Mail, Rcpt
from postwarden.wire.smtp.parameters import parse_orcpt
from postwarden.wire.smtp.paths import Path, parse_path
from postwarden.wire.smtp.problems import Malformed, Problem


def mail(argument: str, *, extended: bool = True, authentication: bool = False) -> Mail:
    return commands.parse_mail(
        argument, extended=extended, authentication=authentication
    )


def rcpt(argument: str, *, extended: bool = True, smtputf8: bool = False) -> Rcpt:
    return commands.parse_rcpt(argument, extended=extended, smtputf8=smtputf8)


def problem_of(call: object, *arguments: object, **options: object) -> Problem:
    with pytest.raises(Malformed) as raised:
        call(*arguments, **options)  # type: ignore[operator]  # any parser
    return raised.value.problem


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (b"noop", Command("NOOP", "")),
        (b"MAIL FROM:<a@b>", Command("MAIL", "FROM:<a@b>")),
        (b"RSET   ", Command("RSET", "")),
        (b"", Command("", "")),
        (b" NOOP", Command("", "NOOP")),
        ("RCPT TO:<ü@b>".encode(), Command("RCPT", "TO:<ü@b>")),
    ],
)
def test_a_line_is_a_verb_and_an_argument(line: bytes, command: Command) -> None:
    assert commands.parse_command(line) == command


@pytest.mark.parametrize(
    "line",
    [
        b"NO\0OP",
        b"NOOP\t",
        b"NOOP\rQUIT",
        b"\x7f",
        b"NOOP \xff",
        "MA\u0131L x".encode(),  # a dotless i, which upper() would turn into MAIL
    ],
)
def test_some_octets_are_in_no_command(line: bytes) -> None:
    assert problem_of(commands.parse_command, line) is Problem.LINE


@pytest.mark.parametrize(
    ("text", "mailbox", "rest"),
    [
        ("<>", "", ""),
        ("<a@b.example>", "a@b.example", ""),
        ("<a@b> SIZE=1", "a@b", " SIZE=1"),
        ("<postmaster>", "postmaster", ""),
        ("<@r.example:a@b>", "a@b", ""),
        ("<@r.example,@s.example:a@b>", "a@b", ""),
        ('<"a b"@c>', '"a b"@c', ""),
        ('<"a\\"@>b"@c>', '"a\\"@>b"@c', ""),
        ("<a@[192.0.2.1]>", "a@[192.0.2.1]", ""),
        ("<a@[IPv6:::1]>", "a@[IPv6:::1]", ""),
        ("<ü@b>", "ü@b", ""),
    ],
)
def test_a_path_is_what_stands_in_the_brackets(
    text: str, mailbox: str, rest: str
) -> None:
    assert parse_path(text, Problem.FORWARD_PATH) == (Path(mailbox), rest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a@b",
        "<a@b",
        "< a@b>",
        "<a@b >",
        "<a@b@c>",
        "<a b@c>",
        "<@r.example>",
        "<@r.example:>x",
        "<@r.example a@b>",
        '<"a@b>',
        '<"a"b@c>',
        "<a@[1.2.3.4>",
        "<a@>",
        "<a:b@c>",
        "<a@b\u3000c>",
    ],
)
def test_other_text_is_no_path(text: str) -> None:
    # `<@r:>` is the null path behind a route, which RCPT refuses later.
    if text == "<@r.example:>x":
        assert parse_path(text, Problem.FORWARD_PATH) == (Path(""), "x")
    else:
        assert problem_of(parse_path, text, Problem.FORWARD_PATH) is (
            Problem.FORWARD_PATH
        )


def test_mail_keeps_what_its_parameters_say() -> None:
    assert mail(
        "FROM:<a@b> SIZE=12 BODY=8bitmime SMTPUTF8 RET=full ENVID=x+2By"
    ) == Mail(
        Path("a@b"), size=12, body="8BITMIME", smtputf8=True, ret="FULL", envid="x+y"
    )
    assert mail("from: <>") == Mail(
        Path(""), size=None, body="7BIT", smtputf8=False, ret=None, envid=None
    )


@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("", Problem.ARGUMENTS),
        ("TO:<a@b>", Problem.ARGUMENTS),
        ("FROM:a@b", Problem.REVERSE_PATH),
        ("FROM:<a@b>SIZE=1", Problem.REVERSE_PATH),
        ("FROM:<a@b> =1", Problem.ARGUMENTS),
        ("FROM:<a@b> SIZE=1=2", Problem.ARGUMENTS),
        ("FROM:<a@b> X-NEW=1", Problem.PARAMETER_UNKNOWN),
        ("FROM:<a@b> AUTH=<>", Problem.PARAMETER_UNKNOWN),
        ("FROM:<a@b> NOTIFY=NEVER", Problem.PARAMETER_UNKNOWN),
        ("FROM:<a@b> RET=FULL RET=FULL", Problem.PARAMETER_REPEATED),
        ("FROM:<a@b> SIZE=123456789012345678901", Problem.PARAMETER_VALUE),
        ("FROM:<a@b> SIZE=\u0661", Problem.PARAMETER_VALUE),
        ("FROM:<a@b> RET", Problem.PARAMETER_VALUE),
        ("FROM:<a@b> BODY=9BIT", Problem.PARAMETER_VALUE),
        ("FROM:<a@b> SMTPUTF8=1", Problem.PARAMETER_VALUE),
        ("FROM:<a@b> ENVID=" + "x" * 101, Problem.PARAMETER_VALUE),
        ("FROM:<a@b> ENVID=a+0Ab", Problem.PARAMETER_VALUE),
        ("FROM:<a@b> ENVID=a+4", Problem.PARAMETER_VALUE),
        ("FROM:<a@b> BODY=BINARYMIME", Problem.PARAMETER_UNSUPPORTED),
        ("FROM:<ü@b>", Problem.PATH_NEEDS_SMTPUTF8),
        ("FROM:<a@ü.example>", Problem.PATH_NEEDS_SMTPUTF8),
    ],
)
def test_what_mail_refuses(argument: str, problem: Problem) -> None:
    assert problem_of(mail, argument) is problem


def test_mail_reads_auth_only_where_it_is_offered() -> None:
    assert mail("FROM:<a@b> AUTH=<>", authentication=True).path == Path("a@b")
    assert mail("FROM:<a@b> AUTH=c+3Dd@e", authentication=True).path == Path("a@b")
    assert problem_of(mail, "FROM:<a@b> AUTH=c+", authentication=True) is (
        Problem.PARAMETER_VALUE
    )
    assert problem_of(mail, "FROM:<a@b> AUTH", authentication=True) is (
        Problem.PARAMETER_VALUE
    )


def test_no_parameter_is_known_before_ehlo() -> None:
    assert mail("FROM:<a@b>", extended=False).path == Path("a@b")
    assert problem_of(mail, "FROM:<a@b> SIZE=1", extended=False) is (
        Problem.PARAMETER_UNKNOWN
    )
    assert problem_of(rcpt, "TO:<a@b> NOTIFY=NEVER", extended=False) is (
        Problem.PARAMETER_UNKNOWN
    )


def test_rcpt_keeps_what_its_parameters_say() -> None:
    assert rcpt("TO:<a@b> NOTIFY=delay,Failure ORCPT=RFC822;c+2B@d") == Rcpt(
        Path("a@b"),
        notify=("DELAY", "FAILURE"),
        original_recipient="rfc822;c+@d",
    )


def test_never_is_said_alone() -> None:
    assert rcpt("TO:<a@b> NOTIFY=never").notify == ("NEVER",)


def test_postmaster_needs_no_domain() -> None:
    assert rcpt("TO:<PostMaster>").path.is_postmaster
    assert not rcpt("TO:<postmaster@b>").path.is_postmaster


@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("<a@b>", Problem.ARGUMENTS),
        ("TO:<>", Problem.FORWARD_PATH),
        ("TO:<@r.example:>", Problem.FORWARD_PATH),
        ("TO:<a@b> SIZE=1", Problem.PARAMETER_UNKNOWN),
        ("TO:<a@b> NOTIFY=NEVER,DELAY", Problem.PARAMETER_VALUE),
        ("TO:<a@b> NOTIFY=DELAY,delay", Problem.PARAMETER_VALUE),
        ("TO:<a@b> NOTIFY=ALWAYS", Problem.PARAMETER_VALUE),
        ("TO:<a@b> NOTIFY", Problem.PARAMETER_VALUE),
        ("TO:<a@b> ORCPT=rfc822;", Problem.PARAMETER_VALUE),
        ("TO:<a@b> ORCPT=;a@b", Problem.PARAMETER_VALUE),
        ("TO:<a@b> ORCPT=rfc822;a+0D+0Ab", Problem.PARAMETER_VALUE),
        ("TO:<a@b> ORCPT=rfc822;" + "x" * 500, Problem.PARAMETER_VALUE),
        ("TO:<ü@b>", Problem.PATH_NEEDS_SMTPUTF8),
    ],
)
def test_what_rcpt_refuses(argument: str, problem: Problem) -> None:
    assert problem_of(rcpt, argument) is problem


def test_an_original_recipient_may_be_unicode() -> None:
    escaped = "utf-8;\\x{7528}@example.org"

    assert parse_orcpt(escaped, smtputf8=False) == "utf-8;用@example.org"
    assert parse_orcpt("UTF-8;用@example.org", smtputf8=True) == "utf-8;用@example.org"
    assert problem_of(parse_orcpt, "utf-8;用@example.org", smtputf8=False) is (
        Problem.PATH_NEEDS_SMTPUTF8
    )
    for bad in ("utf-8;\\x{D800}", "utf-8;\\x{0A}", "utf-8;\\x{110000}", "utf-8;"):
        assert problem_of(parse_orcpt, bad, smtputf8=True) is Problem.PARAMETER_VALUE


@pytest.mark.parametrize(
    ("argument", "chunk"),
    [("0", (0, False)), ("12 LAST", (12, True)), ("7  last", (7, True))],
)
def test_bdat_counts(argument: str, chunk: tuple[int, bool]) -> None:
    assert commands.parse_bdat(argument) == chunk


@pytest.mark.parametrize(
    "argument", ["", "LAST", "-1", "1 FIRST", "1LAST", "\u0661", "9" * 21, "1 LAST x"]
)
def test_a_chunk_size_that_cannot_be_read(argument: str) -> None:
    assert problem_of(commands.parse_bdat, argument) is Problem.ARGUMENTS


def test_auth_names_a_mechanism() -> None:
    assert commands.parse_auth("plain") == ("PLAIN", None)
    assert commands.parse_auth("SCRAM-SHA-256 biws") == ("SCRAM-SHA-256", "biws")
    assert problem_of(commands.parse_auth, "") is Problem.ARGUMENTS
    assert problem_of(commands.parse_auth, "PLAIN a b") is Problem.ARGUMENTS


@pytest.mark.parametrize("argument", ["", "a b", "ü.example", "x" * 256])
def test_a_bad_name_in_helo(argument: str) -> None:
    assert problem_of(commands.parse_helo, argument) is Problem.ARGUMENTS


WORDS = """FROM: TO: <a@b> <> < > @ : , " \\ SIZE= BODY= 8BITMIME ORCPT= rfc822; utf-8;
\\x{7528} NOTIFY= NEVER DELAY ENVID= + +3D RET= HDRS AUTH= SMTPUTF8 ü \u3000 LAST 12"""
PIECES = st.lists(
    st.sampled_from([*WORDS.split(), " "]) | st.text(max_size=3), max_size=12
).map("".join)


@given(PIECES)
def test_no_argument_raises_anything_but_malformed(argument: str) -> None:
    for smtputf8 in (False, True):
        for parse in (
            lambda: commands.parse_mail(argument, extended=True, authentication=True),
            lambda flag=smtputf8: commands.parse_rcpt(
                argument, extended=True, smtputf8=flag
            ),
            lambda: commands.parse_bdat(argument),
            lambda: commands.parse_auth(argument),
            lambda: commands.parse_helo(argument),
        ):
            with suppress(Malformed):
                parse()


@given(st.binary(max_size=80))
def test_no_line_raises_anything_but_malformed(line: bytes) -> None:
    try:
        command = commands.parse_command(line)
    except Malformed:
        return

    assert command.verb.isascii()
    assert not re.search(r"[\0-\x1f\x7f]", command.argument)


@pytest.mark.parametrize(
    "text",
    ["@a," * 99_999, "@a,@" * 99_999, '"' + '\\"' * 99_999, "a" * 299_999, "a@[" * 9],
)
def test_a_long_path_is_read_in_linear_time(text: str) -> None:
    assert problem_of(parse_path, "<" + text, Problem.REVERSE_PATH) is (
        Problem.REVERSE_PATH
    )

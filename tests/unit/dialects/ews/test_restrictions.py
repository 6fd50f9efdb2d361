"""Every operator on every property, beside a plain filter of the same messages."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from postwarden.dialects.ews.properties import PROPERTIES, TAGS
from postwarden.model.mailboxes import NO_FLAGS, Flag
from tests.support.ews import EwsClient, Said
from tests.unit.dialects.ews.conftest import Put

DAY = datetime(2026, 11, 20, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """A message, told twice: what it is made of, and what is to be found."""

    subject: str
    author: tuple[str, str]
    to: tuple[str, ...]
    hour: int
    message_id: str | None
    extra: str = ""
    text: str = "plain words"
    attached: bool = False
    flags: Flag = NO_FLAGS
    keywords: tuple[str, ...] = ()
    importance: str = "Normal"
    sensitivity: str = "Normal"
    in_reply_to: str | None = None
    references: str | None = None
    cc: tuple[str, ...] = ()
    wants_receipt: bool = False

    @property
    def content(self) -> bytes:
        fields = [
            f"From: {self.author[0]} <{self.author[1]}>",
            f"To: {', '.join(self.to)}",
            f"Subject: {self.subject}",
            f"Date: {self.time:%a, %d %b %Y %H:%M:%S} +0000",
        ]
        if self.message_id:
            fields.append(f"Message-ID: <{self.message_id}>")
        if self.cc:
            fields.append(f"Cc: {', '.join(self.cc)}")
        fields += [each for each in self.extra.split("|") if each]
        head = "\r\n".join(fields)
        if not self.attached:
            return f"{head}\r\n\r\n{self.text}\r\n".encode()
        return (
            f"{head}\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            f"--b\r\nContent-Type: text/plain\r\n\r\n{self.text}\r\n"
            "--b\r\nContent-Type: application/pdf\r\n"
            "Content-Disposition: attachment; filename=a.pdf\r\n\r\nx\r\n--b--\r\n"
        ).encode()

    @property
    def time(self) -> datetime:
        return DAY + timedelta(hours=self.hour)

    @property
    def came(self) -> datetime:
        return self.time + timedelta(minutes=5)


SAMPLES = (
    Sample(
        *("Budget 2026", ("Ada Lovelace", "ada@example.org"), ("bob@example.org",)),
        hour=0,
        message_id="One@example.org",
        keywords=("Red", "Work"),
    ),
    Sample(
        *("budget", ("Bob", "bob@example.org"), ("ada@example.org", "c@example.net")),
        hour=1,
        message_id="two@example.org",
        extra="Importance: High|In-Reply-To: <One@example.org>",
        importance="High",
        in_reply_to="<One@example.org>",
        flags=Flag.SEEN,
        attached=True,
        cc=("Carol <carol@example.net>",),
        text="the Figures are attached",
    ),
    Sample(
        *("", ("Résumé", "eve@example.com"), ("ada@example.org",)),
        hour=2,
        message_id=None,
        extra="Sensitivity: Private|References: <a@b> <c@d>"
        "|Disposition-Notification-To: eve@example.com",
        sensitivity="Private",
        references="<a@b> <c@d>",
        wants_receipt=True,
        flags=Flag.DRAFT | Flag.SEEN,
        keywords=("work",),
        text="x" * 300,
    ),
)


def _sizes(each: Sample) -> int:
    return len(each.content)


def _names(people: tuple[str, ...]) -> list[str]:
    return [
        part
        for person in people
        for part in person.replace(">", "").replace(" <", "<").split("<")
        if part
    ]


def _shown(people: tuple[str, ...]) -> str:
    return "; ".join(person.partition(" <")[0] for person in people)


Oracle = Callable[[Sample], list[Any]]
ORACLES: dict[str, Oracle] = {
    "item:ItemClass": lambda _: ["IPM.Note"],
    "item:Subject": lambda s: [s.subject],
    "item:Sensitivity": lambda s: [s.sensitivity],
    "item:Body": lambda s: [s.text + ("" if s.attached else "\n")],
    "item:TextBody": lambda s: [s.text + ("" if s.attached else "\n")],
    "item:DateTimeReceived": lambda s: [s.came],
    "item:Size": lambda s: [_sizes(s)],
    "item:Categories": lambda s: list(s.keywords),
    "item:Importance": lambda s: [s.importance],
    "item:InReplyTo": lambda s: [s.in_reply_to] if s.in_reply_to else [],
    "item:IsSubmitted": lambda _: [False],
    "item:IsDraft": lambda s: [bool(s.flags & Flag.DRAFT)],
    "item:IsFromMe": lambda _: [False],
    "item:IsResend": lambda _: [False],
    "item:IsUnmodified": lambda _: [True],
    "item:IsAssociated": lambda _: [False],
    "item:DateTimeSent": lambda s: [s.time],
    "item:DateTimeCreated": lambda s: [s.came],
    "item:LastModifiedTime": lambda s: [s.came],
    "item:DisplayCc": lambda s: [_shown(s.cc)],
    "item:DisplayTo": lambda s: [_shown(s.to)],
    "item:HasAttachments": lambda s: [s.attached],
    "message:Sender": lambda s: list(s.author),
    "message:From": lambda s: list(s.author),
    "message:ToRecipients": lambda s: _names(s.to),
    "message:CcRecipients": lambda s: _names(s.cc),
    "message:BccRecipients": lambda _: [],
    "message:ReplyTo": lambda _: [],
    "message:IsReadReceiptRequested": lambda s: [s.wants_receipt],
    "message:IsDeliveryReceiptRequested": lambda _: [False],
    "message:ConversationTopic": lambda s: [s.subject],
    "message:InternetMessageId": lambda s: (
        [f"<{s.message_id}>"] if s.message_id else []
    ),
    "message:IsRead": lambda s: [bool(s.flags & Flag.SEEN)],
    "message:IsResponseRequested": lambda _: [False],
    "message:References": lambda s: [s.references] if s.references else [],
}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "IsEqualTo": operator.eq,
    "IsNotEqualTo": operator.ne,
    "IsGreaterThan": operator.gt,
    "IsGreaterThanOrEqualTo": operator.ge,
    "IsLessThan": operator.lt,
    "IsLessThanOrEqualTo": operator.le,
}


def test_every_property_that_is_offered_is_in_the_table() -> None:
    assert ORACLES.keys() == PROPERTIES.keys()


@pytest.fixture
async def inbox(own: EwsClient, put: Put) -> EwsClient:
    for each in SAMPLES:
        await put(each.content, at=each.came, flags=each.flags, keywords=each.keywords)
    return own


async def find(ews: EwsClient, restriction: str) -> Said:
    return await ews(
        '<m:FindItem Traversal="Shallow"><m:ItemShape>'
        "<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>"
        '<t:FieldURI FieldURI="item:DateTimeReceived"/></t:AdditionalProperties>'
        f"</m:ItemShape><m:Restriction>{restriction}</m:Restriction>"
        '<m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds>'
        "</m:FindItem>"
    )


async def found(ews: EwsClient, restriction: str) -> list[int]:
    said = await find(ews, restriction)
    assert said.codes == ["NoError"], said.answered.body
    return sorted(
        (datetime.fromisoformat(text) - DAY).seconds // 3600
        for text in said.texts("t:DateTimeReceived")
    )


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _key(uri: str, value: Any) -> Any:
    folds = isinstance(value, str) and uri != "message:InternetMessageId"
    return value.casefold() if folds else value


def _expected(uri: str, word: str, constant: Any) -> list[int]:
    compare = COMPARISONS[word]
    chosen = []
    for each in SAMPLES:
        values = [_key(uri, value) for value in ORACLES[uri](each)]
        is_so = (
            constant not in values
            if word == "IsNotEqualTo"
            else any(compare(value, constant) for value in values)
        )
        if is_so:
            chosen.append(each.hour)
    return chosen


def _field(uri: str) -> str:
    return f'<t:FieldURI FieldURI="{uri}"/>'


@pytest.mark.parametrize("uri", ORACLES)
async def test_comparisons(inbox: EwsClient, uri: str) -> None:
    constants = {value for each in SAMPLES for value in ORACLES[uri](each)}
    for word in COMPARISONS:
        for constant in constants:
            restriction = (
                f"<t:{word}>{_field(uri)}<t:FieldURIOrConstant>"
                f"<t:Constant Value={quoteattr(_text(constant))}/>"
                f"</t:FieldURIOrConstant></t:{word}>"
            ).replace("\n", "&#10;")
            wanted = _expected(uri, word, _key(uri, constant))
            assert await found(inbox, restriction) == wanted, (word, constant)


@pytest.mark.parametrize("uri", ORACLES)
async def test_existence(inbox: EwsClient, uri: str) -> None:
    wanted = [s.hour for s in SAMPLES if any(v != "" for v in ORACLES[uri](s))]
    assert await found(inbox, f"<t:Exists>{_field(uri)}</t:Exists>") == wanted


MODES: dict[str, Callable[[str, str], bool]] = {
    "FullString": lambda text, phrase: text == phrase,
    "Prefixed": lambda text, phrase: text.startswith(phrase),
    "Substring": lambda text, phrase: phrase in text,
    "PrefixOnWords": lambda text, phrase: f" {text}".find(f" {phrase}") >= 0,
    "ExactPhrase": lambda text, phrase: f" {phrase} " in f" {text} ",
}
FOLDS: dict[str, Callable[[str], str]] = {
    "Exact": str,
    "IgnoreCase": str.casefold,
    "IgnoreNonSpacingCharacters": lambda text: text.replace("é", "e"),
    "Loose": lambda text: text.replace("é", "e").casefold(),
    "IgnoreCaseAndNonSpacingCharacters": lambda t: t.replace("é", "e").casefold(),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("comparison", FOLDS)
async def test_containment(inbox: EwsClient, mode: str, comparison: str) -> None:
    fold = FOLDS[comparison]
    for uri in ("item:Subject", "message:From", "item:Categories", "item:Body"):
        for phrase in ("budget", "Budget", "udg", "resume", "Résumé", "Work", "words"):
            restriction = (
                f'<t:Contains ContainmentMode="{mode}" '
                f'ContainmentComparison="{comparison}">{_field(uri)}'
                f'<t:Constant Value="{phrase}"/></t:Contains>'
            )
            wanted = [
                each.hour
                for each in SAMPLES
                if any(
                    MODES[mode](fold(value.strip()), fold(phrase))
                    for value in ORACLES[uri](each)
                )
            ]
            if (uri, mode) != ("item:Body", "FullString"):
                assert await found(inbox, restriction) == wanted, (uri, phrase)


EQUAL = (
    '<t:IsEqualTo><t:FieldURI FieldURI="item:Importance"/><t:FieldURIOrConstant>'
    '<t:Constant Value="High"/></t:FieldURIOrConstant></t:IsEqualTo>'
)
READ = EQUAL.replace("item:Importance", "message:IsRead").replace("High", "1")


@pytest.mark.parametrize(
    ("restriction", "hours"),
    [
        (f"<t:And>{EQUAL}{READ}</t:And>", [1]),
        (f"<t:Or>{EQUAL}{READ}</t:Or>", [1, 2]),
        (f"<t:Not>{READ}</t:Not>", [0]),
        (f"<t:Not>{EQUAL}</t:Not>", [0, 2]),
        (f"<t:And>{READ}<t:Not>{EQUAL}</t:Not></t:And>", [2]),
        (
            '<t:Exists><t:FieldURI FieldURI="contacts:GivenName"/></t:Exists>',
            [],
        ),
        (
            '<t:IsEqualTo><t:ExtendedFieldURI PropertyTag="0x1035" '
            'PropertyType="String"/><t:FieldURIOrConstant>'
            '<t:Constant Value=" two@example.org "/></t:FieldURIOrConstant>'
            "</t:IsEqualTo>",
            [1],
        ),
        (
            '<t:IsEqualTo><t:IndexedFieldURI FieldURI="item:InternetMessageHeader" '
            'FieldIndex="Importance"/><t:FieldURIOrConstant>'
            '<t:Constant Value="high"/></t:FieldURIOrConstant></t:IsEqualTo>',
            [1],
        ),
        (
            '<t:Excludes><t:ExtendedFieldURI PropertyTag="0x0E07" '
            'PropertyType="Integer"/><t:Bitmask Value="0x1"/></t:Excludes>',
            [0],
        ),
        (
            '<t:IsLessThan><t:FieldURI FieldURI="item:DateTimeSent"/>'
            '<t:FieldURIOrConstant><t:FieldURI FieldURI="item:DateTimeReceived"/>'
            "</t:FieldURIOrConstant></t:IsLessThan>",
            [0, 1, 2],
        ),
        (
            '<t:IsLessThan><t:FieldURI FieldURI="item:DateTimeSent"/>'
            '<t:FieldURIOrConstant><t:Constant Value="2026-11-20T10:00:00"/>'
            "</t:FieldURIOrConstant></t:IsLessThan>",
            [0],
        ),
    ],
)
async def test_what_they_are_combined_with(
    inbox: EwsClient, restriction: str, hours: list[int]
) -> None:
    assert await found(inbox, restriction) == hours


@pytest.mark.parametrize(
    ("restriction", "code"),
    [
        ("", "ErrorSchemaValidation"),
        ("<t:And/>", "ErrorSchemaValidation"),
        ("<t:Maybe/>", "ErrorSchemaValidation"),
        (f"<t:Not>{EQUAL}{EQUAL}</t:Not>", "ErrorSchemaValidation"),
        (f"<t:Or>{EQUAL * 256}</t:Or>", "ErrorRestrictionTooLong"),
        ("<t:Not>" * 51 + EQUAL + "</t:Not>" * 51, "ErrorRestrictionTooLong"),
        (EQUAL.replace("item:Importance", "nothing"), "ErrorSchemaValidation"),
        (
            EQUAL.replace("item:Importance", "item:MimeContent"),
            "ErrorUnsupportedPathForQuery",
        ),
        (READ.replace('"1"', '"perhaps"'), "ErrorInvalidValueForProperty"),
        (
            EQUAL.replace("item:Importance", "item:Size"),
            "ErrorInvalidValueForProperty",
        ),
        (
            EQUAL.replace("item:Importance", "item:DateTimeSent"),
            "ErrorInvalidValueForProperty",
        ),
        (
            '<t:Excludes><t:FieldURI FieldURI="item:Subject"/>'
            '<t:Bitmask Value="1"/></t:Excludes>',
            "ErrorInvalidExcludesRestriction",
        ),
    ],
)
async def test_restrictions_that_mean_nothing(
    inbox: EwsClient, restriction: str, code: str
) -> None:
    assert (await find(inbox, restriction)).fault == code


def test_tags_have_the_types_of_exchange() -> None:
    assert {kind for kind, _ in TAGS.values()} <= {
        *("String", "Integer", "Boolean", "SystemTime", "Binary")
    }

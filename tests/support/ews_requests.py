"""Makes requests of any operation from what the WSDL says of it, then spoils them."""

import re
from collections.abc import Mapping, Sequence
from random import Random
from xml.etree import ElementTree as ET

from postwarden.dialects.ews.folders import MAILBOXES, PLACES
from postwarden.dialects.ews.names import MESSAGES, TYPES
from postwarden.dialects.ews.properties import PROPERTIES
from postwarden.dialects.ews.subscriptions import EVENTS
from postwarden.dialects.ews.wsdl import types
from postwarden.dialects.ews.wsdl.messages import DESCRIBED

_TOKEN = re.compile(r"\([^()]*\)[?*+]?|\S+")
_DEEPEST = 12

WORDS: Mapping[str, Sequence[str]] = {
    "Traversal": ("Shallow", "Deep", "SoftDeleted", "Associated"),
    "BaseShape": ("IdOnly", "Default", "AllProperties"),
    "BodyType": ("Best", "HTML", "Text"),
    "DeleteType": ("HardDelete", "SoftDelete", "MoveToDeletedItems"),
    "BasePoint": ("Beginning", "End"),
    "Order": ("Ascending", "Descending"),
    "ConflictResolution": ("NeverOverwrite", "AutoResolve", "AlwaysOverwrite"),
    "MessageDisposition": ("SaveOnly", "SendOnly", "SendAndSaveCopy"),
    "CreateAction": ("CreateNew", "Update", "UpdateOrCreate"),
    "Format": ("EwsId", "EntryId", "HexEntryId", "OwaId", "StoreId"),
    "DestinationFormat": ("EwsId", "EntryId", "HexEntryId", "OwaId"),
    "FieldURI": (*PROPERTIES, "item:MimeContent", "folder:DisplayName"),
    "FieldIndex": ("Subject", "X-Nothing"),
    "PropertyTag": ("0x1035", "0x0e07", "0x0E06", "0xFFFF", "7"),
    "PropertyType": ("String", "Integer", "Boolean", "SystemTime", "Binary"),
    "ContainmentMode": ("Substring", "Prefixed", "FullString", "PrefixOnWords"),
    "ContainmentComparison": ("Exact", "IgnoreCase", "Loose"),
    "ResultType": ("PreviewOnly", "StatisticsOnly"),
    "PageDirection": ("Next", "Previous"),
    "ActionType": ("Create", "Update", "Remove"),
    "EventType": EVENTS,
    "OofState": ("Enabled", "Disabled", "Scheduled"),
    "ExternalAudience": ("All", "Known", "None"),
    "EmailAddress": ("ada@example.org", "bob@example.org", "eve@example.net"),
    "Address": ("ada@example.org", "bob@example.org"),
    "Mailbox": ("ada@example.org",),
    "String": ("ada@example.org", "red"),
    "QueryString": ("subject:one", "from:eve OR to:ada", "received:2026-11-27", "("),
    "Query": ("", "one", "subject:one", "isread:true"),
    "MailboxSmtpAddress": ("ada@example.org", ""),
    "UnresolvedEntry": ("ada", "ada@example.org"),
    "FlagStatus": ("Flagged", "NotFlagged", "Complete"),
    "Importance": ("Low", "Normal", "High"),
    "Sensitivity": ("Normal", "Private"),
    "ItemClass": ("IPM.Note", "IPM.Appointment"),
    "FolderClass": ("IPF.Note", "IPF.Contact"),
    "DisplayName": ("New", "INBOX", "a/b", ""),
    "ItemHoldPeriod": ("Unlimited", "30"),
    "PageItemReference": ("1", "99"),
    "HoldId": ("one", "two"),
}
_FOLDERS = (*MAILBOXES, *PLACES, "calendar")
_OF_KINDS: Mapping[str, Sequence[str]] = {
    "boolean": ("true", "false", "1", "0"),
    "int": ("1", "0", "10", "100", "-1"),
    "long": ("1", "0", "2147483648"),
    "dateTime": ("2026-11-27T12:00:00Z", "2026-11-27T12:00:00", "2030-01-01T00:00:00Z"),
    "base64Binary": ("", "AAAA", "U3ViamVjdDogYQ0KDQpiDQo="),
    "string": ("one", "", "1", "Ünïcode ☃"),
}
NASTY = (
    *("", " ", "-1", "0", "99999999999999999999", "1e9", "NaN", "true", "\u202e"),
    *("x" * 5000, "2026-13-45T99:99:99Z", "0001-01-01T00:00:00+14:00", "%00", "..//"),
    *("9999-12-31T23:59:59-14:00", "'; DROP TABLE copies; --", "!!!", "=?utf-8?q?=?="),
    *("AAAA====", "\U0001f642" * 50, "\ufffd\n\t", "a@b@c", "@", "((((", '"'),
)


class Asking:
    """Makes requests; `known` are identifiers that are there."""

    def __init__(self, random: Random, known: Sequence[str]) -> None:
        self._random, self._known = random, known

    def request(self, operation: str) -> ET.Element:
        """Return a request as the schema has it, with values of every kind."""
        root = ET.Element(f"{{{MESSAGES}}}{operation}")
        self._fill(root, DESCRIBED[operation].request, MESSAGES, 0)
        return root

    def spoil(self, root: ET.Element) -> None:
        """Change a few things in a request that nobody expects."""
        for _ in range(self._random.randint(0, 3)):
            every = list(root.iter())
            chosen = self._random.choice(every)
            match self._random.randrange(7):
                case 0:
                    chosen.text = self._random.choice(NASTY)
                case 1 if chosen.attrib:
                    name = self._random.choice(sorted(chosen.attrib))
                    chosen.set(name, self._random.choice(NASTY))
                case 2 if chosen.attrib:
                    del chosen.attrib[self._random.choice(sorted(chosen.attrib))]
                case 3 if len(chosen):
                    chosen.remove(self._random.choice(list(chosen)))
                case 4 if len(chosen):
                    chosen.append(self._random.choice(list(chosen)))
                case 5:
                    chosen.append(ET.Element(self._random.choice(every).tag))
                case _:
                    chosen.tag = self._random.choice(every).tag

    def _fill(self, element: ET.Element, content: str, space: str, depth: int) -> None:
        for token in _TOKEN.findall(content):
            if token.startswith("@"):
                self._attribute(element, token[1:])
            elif token.startswith("#"):
                element.text = self._word(element, "string")
            elif token != "%":
                self._particle(element, token, space, depth)

    def _attribute(self, element: ET.Element, token: str) -> None:
        name, _, kind = token.rstrip("!").partition(":")
        if token.endswith("!") or self._random.random() < 0.5:
            element.set(name, self._value(element, name, kind or "string"))

    def _particle(
        self, element: ET.Element, token: str, space: str, depth: int
    ) -> None:
        occurs = token[-1] if token[-1] in "?*+" else ""
        body = token[: len(token) - len(occurs)]
        chance = 0.2 if depth > 4 else 0.5
        times = 1
        if occurs in {"?", "*"}:
            times = int(self._random.random() < chance)
        if occurs in {"*", "+"} and self._random.random() < chance:
            times += 1
        for _ in range(times):
            if depth > _DEEPEST:
                return
            if body.startswith("("):
                parts = [each.strip() for each in body[1:-1].split("|")]
                self._particle(element, self._random.choice(parts), space, depth)
                continue
            self._child(element, body, space, depth)

    def _child(self, element: ET.Element, body: str, space: str, depth: int) -> None:
        if body.startswith("t."):
            name, kind, space = body[2:], types.ELEMENTS[body[2:]], TYPES
        else:
            name, _, kind = body.partition(":")
        child = ET.SubElement(element, f"{{{space}}}{name}")
        if kind in types.TYPES:
            self._fill(child, types.TYPES[kind], TYPES, depth + 1)
        else:
            child.text = self._value(child, name, kind)

    def _value(self, element: ET.Element, name: str, kind: str) -> str:
        local = element.tag.rpartition("}")[2]
        if name == "Id" and local == "DistinguishedFolderId":
            return self._random.choice(_FOLDERS)
        if name in {"Id", "SubscriptionId", "Watermark", "SyncState", "ChangeKey"}:
            return self._random.choice(self._known)
        return self._word(element, kind, name)

    def _word(self, element: ET.Element, kind: str, name: str = "") -> str:
        name = name or element.tag.rpartition("}")[2]
        words = WORDS.get(name) or _OF_KINDS.get(kind) or _OF_KINDS["string"]
        return self._random.choice(words)

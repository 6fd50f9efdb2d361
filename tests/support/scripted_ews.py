"""A mailbox server with EWS answers as Microsoft documents them, for connectors.

It shares no code with our own EWS dialect, so that the two cannot agree on an error:
elements and codes are written down here from the reference, and mail lies in plain
lists. Requests are read with the standard library.
"""

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from xml.etree import ElementTree as ET

M = "{http://schemas.microsoft.com/exchange/services/2006/messages}"
T = "{http://schemas.microsoft.com/exchange/services/2006/types}"
S = "{http://schemas.xmlsoap.org/soap/envelope/}"
_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>'
    '<h:ServerVersionInfo MajorVersion="15" MinorVersion="2" MajorBuildNumber="1544" '
    'MinorBuildNumber="4" Version="V2017_07_11" '
    'xmlns:h="http://schemas.microsoft.com/exchange/services/2006/types"/>'
    "</s:Header>"
)
_NAMES = (
    'xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" '
    'xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"'
)


@dataclass(slots=True)
class Item:
    """A mail in a folder."""

    id: str
    folder: str
    mime: bytes
    message_id: str
    subject: str
    received: str = "2026-11-20T08:00:00Z"
    read: bool = False


@dataclass(slots=True)
class Box:
    """A mailbox: folders by id with (parent, name), and items."""

    folders: dict[str, tuple[str, str]]
    items: list[Item] = field(default_factory=list)


def new_box(address: str) -> Box:
    """Return a mailbox with the folders that people have."""
    names = {
        "root": ("", "Root"),
        "top": ("root", "Top of Information Store"),
        "inbox": ("top", "Inbox"),
        "sub": ("inbox", "Projects/2026"),
        "dumpster": ("root", "Recoverable Items"),
        "deletions": ("dumpster", "Deletions"),
    }
    made = {
        f"{address}:{key}": (f"{address}:{parent}" if parent else "", name)
        for key, (parent, name) in names.items()
    }
    return Box(folders=made)


_DISTINGUISHED = {
    "root": "root",
    "msgfolderroot": "top",
    "recoverableitemsroot": "dumpster",
}


@dataclass(slots=True)
class ScriptedEws:
    """The server's state, and what it heard: (operation, account, login)."""

    boxes: dict[str, Box]
    can_list: bool = True
    port: int = 0
    heard: list[tuple[str, str, str]] = field(default_factory=list)
    before: list[Callable[["ScriptedEws", str], tuple[int, str] | None]] = field(
        default_factory=list
    )
    lose_answer_of: str = ""  # an operation that is done, and not answered, once
    made: int = 0
    bearer: str = ""  # a token that is taken, instead of the password
    page: int = 2  # items and folders given at a time, whatever is asked for

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/EWS/Exchange.asmx"

    def add(self, account: str, folder: str, mime: bytes, **facts: str) -> Item:
        self.made += 1
        item = Item(
            id=f"id+{self.made}=",
            folder=f"{account}:{folder}",
            mime=mime,
            message_id=facts.pop("message_id", f"<{self.made}@x.example>"),
            subject=facts.pop("subject", "Hello"),
        )
        self.boxes[account].items.append(item)
        return item

    def answer(self, envelope: ET.Element, login: str) -> tuple[int, str]:
        """Return a status and what goes into the SOAP body."""
        operation = envelope.find(f"{S}Body")[0]  # type: ignore[index]
        name = operation.tag.removeprefix(M)
        sid = envelope.find(f".//{T}ConnectingSID/{T}PrimarySmtpAddress")
        account = "" if sid is None else (sid.text or "")
        self.heard.append((name, account, login))
        for hook in list(self.before):
            said = hook(self, name)
            if said is not None:
                self.before.remove(hook)
                return said
        if account and account not in self.boxes:
            return 500, fault(
                "ErrorNonExistentMailbox", "No mailbox with such address."
            )
        box = self.boxes.get(account)
        done: str = getattr(self, f"_{name}")(operation, box)
        return 200, f"<m:{name}Response {_NAMES}>{done}</m:{name}Response>"

    def _GetSearchableMailboxes(self, _: ET.Element, __: Box | None) -> str:  # noqa: N802
        if not self.can_list:
            return (
                "<m:ResponseMessages><m:GetSearchableMailboxesResponseMessage "
                'ResponseClass="Error"><m:MessageText>No.</m:MessageText>'
                "<m:ResponseCode>ErrorAccessDenied</m:ResponseCode>"
                "</m:GetSearchableMailboxesResponseMessage></m:ResponseMessages>"
            )
        rows = "".join(
            f"<t:SearchableMailbox><t:Guid>g</t:Guid><t:PrimarySmtpAddress>{address}"
            "</t:PrimarySmtpAddress><t:IsExternalMailbox>false</t:IsExternalMailbox>"
            f"<t:DisplayName>Name of {address}</t:DisplayName>"
            "<t:IsMembershipGroup>false</t:IsMembershipGroup></t:SearchableMailbox>"
            for address in self.boxes
        )
        return (
            "<m:ResponseMessages><m:GetSearchableMailboxesResponseMessage "
            'ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
            f"<m:SearchableMailboxes>{rows}</m:SearchableMailboxes>"
            "</m:GetSearchableMailboxesResponseMessage></m:ResponseMessages>"
        )

    def _FindFolder(self, asked: ET.Element, box: Box | None) -> str:  # noqa: N802
        assert box is not None
        wanted = asked.find(f".//{T}DistinguishedFolderId")
        assert wanted is not None
        key = _DISTINGUISHED.get(wanted.attrib["Id"])
        root = next((id_ for id_ in box.folders if id_.endswith(f":{key}")), None)
        if root is None:
            return _failed("FindFolder", "ErrorFolderNotFound")
        view = asked.find(f"{M}IndexedPageFolderView")
        assert view is not None
        deep = asked.attrib["Traversal"] == "Deep"
        below = [
            id_
            for id_, (parent, _) in box.folders.items()
            if parent == root or (deep and _under(box, id_, root))
        ]
        offset = int(view.attrib["Offset"])
        page = below[offset : offset + self.page]
        rows = "".join(
            f'<t:Folder><t:FolderId Id="{id_}" ChangeKey="k"/>'
            f'<t:ParentFolderId Id="{box.folders[id_][0]}" ChangeKey="k"/>'
            f"<t:DisplayName>{box.folders[id_][1]}</t:DisplayName></t:Folder>"
            for id_ in page
        )
        last = str(offset + len(page) >= len(below)).lower()
        return _succeeded(
            "FindFolder",
            f'<m:RootFolder TotalItemsInView="{len(below)}" '
            f'IncludesLastItemInRange="{last}"><t:Folders>{rows}</t:Folders>'
            "</m:RootFolder>",
        )

    def _FindItem(self, asked: ET.Element, box: Box | None) -> str:  # noqa: N802
        assert box is not None
        view = asked.find(f"{M}IndexedPageItemView")
        assert view is not None
        offset, count = (
            int(view.attrib["Offset"]),
            int(view.attrib["MaxEntriesReturned"]),
        )
        restriction = asked.find(f"{M}Restriction")
        answers = []
        for parent in asked.findall(f"{M}ParentFolderIds/{T}FolderId"):
            found = [
                item
                for item in box.items
                if item.folder == parent.attrib["Id"]
                and (restriction is None or _passes(restriction[0], item))
            ]
            page = found[offset : offset + count]
            last = str(offset + len(page) >= len(found)).lower()
            answers.append(
                _message(
                    "FindItem",
                    f'<m:RootFolder TotalItemsInView="{len(found)}" '
                    f'IncludesLastItemInRange="{last}"><t:Items>'
                    + "".join(map(_row, page))
                    + "</t:Items></m:RootFolder>",
                )
            )
        return f"<m:ResponseMessages>{''.join(answers)}</m:ResponseMessages>"

    def _GetItem(self, asked: ET.Element, box: Box | None) -> str:  # noqa: N802
        assert box is not None
        answers = []
        for wanted in asked.findall(f"{M}ItemIds/{T}ItemId"):
            item = _found(box, wanted.attrib["Id"])
            if item is None:
                answers.append(_error("GetItem", "ErrorItemNotFound", "<m:Items/>"))
                continue
            mime = base64.b64encode(item.mime).decode()
            answers.append(
                _message(
                    "GetItem",
                    f'<m:Items><t:Message><t:MimeContent CharacterSet="UTF-8">{mime}'
                    f'</t:MimeContent><t:ItemId Id="{item.id}" ChangeKey="k"/>'
                    "</t:Message></m:Items>",
                )
            )
        return f"<m:ResponseMessages>{''.join(answers)}</m:ResponseMessages>"

    def _MoveItem(self, asked: ET.Element, box: Box | None) -> str:  # noqa: N802
        assert box is not None
        target = asked.find(f"{M}ToFolderId/{T}FolderId")
        assert target is not None
        answers = []
        for wanted in asked.findall(f"{M}ItemIds/{T}ItemId"):
            item = _found(box, wanted.attrib["Id"])
            if target.attrib["Id"] not in box.folders:
                code = "ErrorToFolderNotFound"
                answers.append(_error("MoveItem", code, "<m:Items/>"))
            elif item is None:
                answers.append(_error("MoveItem", "ErrorItemNotFound", "<m:Items/>"))
            else:
                self.made += 1
                item.id, item.folder = f"id+{self.made}=", target.attrib["Id"]
                answers.append(
                    _message(
                        "MoveItem",
                        f'<m:Items><t:Message><t:ItemId Id="{item.id}" ChangeKey="k"/>'
                        "</t:Message></m:Items>",
                    )
                )
        return f"<m:ResponseMessages>{''.join(answers)}</m:ResponseMessages>"

    def _CreateFolder(self, asked: ET.Element, box: Box | None) -> str:  # noqa: N802
        assert box is not None
        name = asked.find(f"{M}Folders/{T}Folder/{T}DisplayName")
        parent = asked.find(f"{M}ParentFolderId")
        assert name is not None
        assert parent is not None
        of = parent[0].attrib["Id"]
        if parent[0].tag == f"{T}DistinguishedFolderId":
            of = next(i for i in box.folders if i.endswith(f":{_DISTINGUISHED[of]}"))
        self.made += 1
        made = f"folder{self.made}"
        box.folders[made] = (of, name.text or "")
        return _succeeded(
            "CreateFolder",
            f'<m:Folders><t:Folder><t:FolderId Id="{made}" ChangeKey="k"/></t:Folder>'
            "</m:Folders>",
        )

    def _CreateItem(self, asked: ET.Element, box: Box | None) -> str:  # noqa: N802
        assert box is not None
        target = asked.find(f"{M}SavedItemFolderId/{T}FolderId")
        mime = asked.find(f".//{T}MimeContent")
        assert target is not None
        assert mime is not None
        self.made += 1
        box.items.append(
            Item(
                id=f"id+{self.made}=",
                folder=target.attrib["Id"],
                mime=base64.b64decode(mime.text or ""),
                message_id="",
                subject="",
                read=asked.findtext(f".//{T}IsRead") == "true",
            )
        )
        return _succeeded(
            "CreateItem",
            f'<m:Items><t:Message><t:ItemId Id="id+{self.made}=" ChangeKey="k"/>'
            "</t:Message></m:Items>",
        )


def fault(code: str, text: str, more: str = "") -> str:
    """Return a SOAP fault as Exchange writes one."""
    return (
        '<s:Fault><faultcode xmlns:a="http://schemas.microsoft.com/exchange/services/'
        f'2006/types">a:{code}</faultcode><faultstring xml:lang="en-US">{text}'
        '</faultstring><detail><e:ResponseCode xmlns:e="http://schemas.microsoft.com/'
        f'exchange/services/2006/errors">{code}</e:ResponseCode>'
        '<e:Message xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors"'
        f">{text}</e:Message>{more}</detail></s:Fault>"
    )


def busy(milliseconds: int) -> tuple[int, str]:
    """Return what a throttled client gets."""
    wait = (
        '<t:MessageXml xmlns:t="http://schemas.microsoft.com/exchange/services/2006/'
        f'types"><t:Value Name="BackOffMilliseconds">{milliseconds}</t:Value>'
        "</t:MessageXml>"
    )
    return 500, fault(
        "ErrorServerBusy", "The server cannot service this request.", wait
    )


def _under(box: Box, id_: str, root: str) -> bool:
    while id_ in box.folders:
        id_ = box.folders[id_][0]
        if id_ == root:
            return True
    return False


def _found(box: Box, id_: str) -> Item | None:
    return next((item for item in box.items if item.id == id_), None)


def _passes(node: ET.Element, item: Item) -> bool:
    name = node.tag.removeprefix(T)
    if name in {"And", "Or"}:
        judge = all if name == "And" else any
        return judge(_passes(child, item) for child in node)
    path = node[0].attrib["FieldURI"]
    constant = node.find(f".//{T}Constant")
    assert constant is not None
    value = constant.attrib["Value"]
    own = {
        "item:Subject": item.subject,
        "message:InternetMessageId": item.message_id,
        "item:DateTimeReceived": item.received,
        "item:Size": str(len(item.mime)).zfill(12),
    }[path]
    value = value.zfill(12) if path == "item:Size" else value
    return {
        "Contains": value.lower() in own.lower(),
        "IsEqualTo": own == value,
        "IsGreaterThan": own > value,
        "IsGreaterThanOrEqualTo": own >= value,
        "IsLessThan": own < value,
    }[name]


def _row(item: Item) -> str:
    return (
        f'<t:Message><t:ItemId Id="{item.id}" ChangeKey="k"/>'
        f'<t:ParentFolderId Id="{item.folder}" ChangeKey="k"/>'
        f"<t:Subject>{item.subject}</t:Subject>"
        f"<t:DateTimeReceived>{item.received}</t:DateTimeReceived>"
        f"<t:Size>{len(item.mime)}</t:Size>"
        "<t:From><t:Mailbox><t:Name>Eve</t:Name>"
        "<t:EmailAddress>eve@example.com</t:EmailAddress></t:Mailbox></t:From>"
        f"<t:InternetMessageId>{item.message_id.replace('<', '&lt;')}"
        "</t:InternetMessageId>"
        f"<t:IsRead>{str(item.read).lower()}</t:IsRead></t:Message>"
    )


def _message(operation: str, content: str) -> str:
    return (
        f'<m:{operation}ResponseMessage ResponseClass="Success">'
        f"<m:ResponseCode>NoError</m:ResponseCode>{content}"
        f"</m:{operation}ResponseMessage>"
    )


def _error(operation: str, code: str, content: str = "") -> str:
    return (
        f'<m:{operation}ResponseMessage ResponseClass="Error">'
        f"<m:MessageText>{code} it is.</m:MessageText>"
        f"<m:ResponseCode>{code}</m:ResponseCode>"
        f"<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>{content}"
        f"</m:{operation}ResponseMessage>"
    )


def _succeeded(operation: str, content: str) -> str:
    return f"<m:ResponseMessages>{_message(operation, content)}</m:ResponseMessages>"


def _failed(operation: str, code: str) -> str:
    return f"<m:ResponseMessages>{_error(operation, code)}</m:ResponseMessages>"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: ClassVar[ScriptedEws]

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        envelope = ET.fromstring(self.rfile.read(length))
        login = self.headers.get("authorization", "")
        if not self._is_known(login):
            return self._send(401, "", "text/html")
        status, body = self.served.answer(envelope, login)
        operation = self.served.heard[-1][0]
        if self.served.lose_answer_of == operation:
            self.served.lose_answer_of = ""
            self.close_connection = True
            return None
        return self._send(status, f"{_HEAD}<s:Body>{body}</s:Body></s:Envelope>")

    def _is_known(self, login: str) -> bool:
        if self.served.bearer:
            return login == f"Bearer {self.served.bearer}"
        return base64.b64decode(login.partition(" ")[2]) == b"svc:secret"

    def _send(self, status: int, text: str, kind: str = "text/xml") -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def scripted_ews(*addresses: str) -> Iterator[ScriptedEws]:
    """Run a server with these mailboxes while the block runs."""
    served = ScriptedEws({address: new_box(address) for address in addresses})
    handler = type("Handler", (_Handler,), {"served": served})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    served.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

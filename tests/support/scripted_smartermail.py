"""A SmarterMail server with answers as its documents and its clients have them.

It shares no code with our own SmarterMail dialect, so that the two cannot agree on an
error: names, types and codes are written down here, mail lies in plain lists, and
its numbers are those of a folder, which a mail loses when it is moved.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

Body = dict[str, Any]
Answer = tuple[int, Body]
NEVER = "0001-01-01T00:00:00"


@dataclass(slots=True)
class Mail:
    """A mail in a folder; files are (name, octets)."""

    uid: int
    folder: str
    header: str
    text: str = ""
    html: str = ""
    subject: str = "Hello"
    sender: str = "eve@example.com"
    sent: str = "2026-11-20T08:00:00Z"
    seen: bool = False
    files: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.header) + len(self.text) + len(self.html)


@dataclass(slots=True)
class Box:
    """The folders and mail of a user, and the next number of each folder."""

    folders: list[str] = field(
        default_factory=lambda: [
            *("Inbox", "Inbox/Projects", "Deleted Items", "Drafts", "Junk Email"),
            "Sent Items",
        ]
    )
    mails: list[Mail] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, folder: str) -> int:
        self.numbers[folder] = self.numbers.get(folder, 100) + 1
        return self.numbers[folder]


@dataclass(slots=True)
class ScriptedSmarterMail:
    """The server's state, and what it heard: (path, domain, user)."""

    boxes: dict[str, Box]
    aliases: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    is_admin: bool = True
    page: int = 2  # rows given at a time, whatever is asked for
    port: int = 0
    heard: list[tuple[str, str, str]] = field(default_factory=list)
    before: list[Callable[[str], Answer | None]] = field(default_factory=list)
    lose_answer_of: str = ""  # a call that is done, and not answered, once
    token: int = 0  # the one that is good
    clients: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def calls(self, path: str) -> int:
        return sum(each[0] == path for each in self.heard)

    def add(self, account: str, folder: str, header: str, **facts: Any) -> Mail:
        box = self.boxes[account]
        mail = Mail(box.number(folder), folder, header, **facts)
        box.mails.append(mail)
        return mail

    def answer(self, path: str, asked: Body, headers: dict[str, str]) -> Answer:
        domain = headers.get("x-smartermaildomain", "")
        user = headers.get("x-smartermailuser", "")
        self.heard.append((path, domain, user))
        for hook in list(self.before):
            said = hook(path)
            if said is not None:
                self.before.remove(hook)
                return said
        if path in {"auth/authenticate-user", "auth/refresh-token"}:
            return self._enter(path, asked)
        if headers.get("authorization") != f"Bearer access{self.token}":
            return no(401, "INVALID_TOKEN")
        return self._let_in(path, asked, domain, user)

    def _let_in(self, path: str, asked: Body, domain: str, user: str) -> Answer:
        if path.startswith("settings/sysadmin/"):
            return self._domains(asked) if self.is_admin else no(403, "FORBIDDEN")
        if path.startswith("settings/domain/"):
            return self._of_domain(path, asked, domain)
        if user not in self.boxes or not user.endswith(f"@{domain}"):
            return no(400, "USER_NOT_FOUND|" + user)
        return getattr(self, _OWN[path])(asked, user)  # type: ignore[no-any-return]

    def _enter(self, path: str, asked: Body) -> Answer:
        self.clients.add(str(asked.get("clientId")))
        if path == "auth/refresh-token":
            if asked.get("token") != f"refresh{self.token}":
                return no(401, "INVALID_TOKEN")
        elif (asked["username"], asked["password"]) != ("svc", "secret"):
            return no(401, "USERNAME_OR_PASSWORD_INCORRECT")
        self.token += 1
        return yes(
            accessToken=f"access{self.token}",
            refreshToken=f"refresh{self.token}",
            accessTokenExpiration="2026-11-20T08:15:00Z",
            refreshTokenExpiration="2026-12-20T08:00:00Z",
            isAdmin=self.is_admin,
            isDomainAdmin=not self.is_admin,
            changePasswordNeeded=False,
            username="svc",
        )

    @property
    def _names(self) -> list[str]:
        return sorted({each.partition("@")[2] for each in self.boxes})

    def _domains(self, asked: Body) -> Answer:
        return self._paged([{"name": name} for name in self._names], asked)

    def _paged(self, rows: list[Body], asked: Body) -> Answer:
        some = rows[asked["skip"] :][: min(asked["take"], self.page)]
        return yes(results=some, totalCount=len(rows))

    def _of_domain(self, path: str, asked: Body, domain: str) -> Answer:
        if path == "settings/domain/data":
            return yes(domainData={"name": self._names[0]})
        if domain not in self._names:
            return no(404, "DOMAIN_NOT_FOUND")
        if path == "settings/domain/mailing-lists/list":
            return yes(
                items=[
                    _list_row(number, name.partition("@")[0])
                    for number, name in enumerate(self.lists, start=1)
                    if name.endswith(f"@{domain}")
                ]
            )
        rows = [
            _account_row(name.partition("@")[0], 4 if name in self.aliases else 1)
            for name in sorted([*self.boxes, *self.aliases])
            if name.endswith(f"@{domain}")
        ]
        return self._paged(rows, asked)

    def _own_user(self, _: Body, user: str) -> Answer:
        made = "2025-03-01T10:00:00"
        return yes(userData={"userName": user.partition("@")[0], "createDate": made})

    def _folders(self, _: Body, user: str) -> Answer:
        return yes(
            folderList=[
                {
                    "id": number,
                    "path": path,
                    "name": path.rpartition("/")[2],
                    "ownerEmailAddress": user,
                    "isSharedItem": False,
                }
                for number, path in enumerate(self.boxes[user].folders)
            ]
        )

    def _folder_put(self, asked: Body, user: str) -> Answer:
        parent = asked["parentFolder"]
        path = f"{parent}/{asked['folder']}" if parent else asked["folder"]
        self.boxes[user].folders.append(path)
        return yes()

    def _messages(self, asked: Body, user: str) -> Answer:
        if asked["folder"] not in self.boxes[user].folders:
            return no(200, "FOLDER_NOT_FOUND")
        rows = [
            {
                "uid": mail.uid,
                "from": {"name": "Eve"},
                "fromAddress": mail.sender,
                "subject": mail.subject,
                "dateSent": mail.sent,
                "size": mail.size,
                "hasAttachments": bool(mail.files),
                "isSeen": mail.seen,
                "isAnswered": False,
                "isFlagged": False,
            }
            for mail in self.boxes[user].mails
            if mail.folder == asked["folder"]
            and asked["query"].lower() in f"{mail.subject} {mail.text}".lower()
            and (not asked["searchFlags"].get("7") or mail.files)
        ]
        return self._paged(rows, asked)

    def _found(self, user: str, uid: int, folder: str) -> Mail | None:
        mails = self.boxes[user].mails
        own = (each for each in mails if (each.uid, each.folder) == (uid, folder))
        return next(own, None)

    def _message(self, asked: Body, user: str) -> Answer:
        mail = self._found(user, int(asked["UID"]), asked["Folder"])
        if mail is None:
            return no(200, "ERRORS.MESSAGE_NOT_FOUND|1")
        return yes(
            messageData={
                "header": mail.header,
                "subject": mail.subject,
                "messageHTML": mail.html,
                "messagePlainText": mail.text,
                "fromAddress": {"email": mail.sender, "name": "Eve"},
                "attachments": [
                    {
                        "filename": name,
                        "type": "document",
                        "partID": str(number),
                        "size": 1,
                        "link": f"/attachments/{mail.uid}/{number}?d=x",
                    }
                    for number, (name, _) in enumerate(mail.files)
                ],
            }
        )

    def _move(self, asked: Body, user: str) -> Answer:
        box, target = self.boxes[user], asked["destinationFolder"]
        if target not in box.folders:
            return no(200, "FOLDER_NOT_FOUND")
        for uid in asked["UID"]:
            mail = self._found(user, int(uid), asked["folder"])
            if mail is not None:
                mail.folder, mail.uid = target, box.number(target)
        return yes()

    def attachment(self, path: str) -> bytes:
        _, _, uid, number = path.partition("?")[0].split("/")
        mails = (mail for box in self.boxes.values() for mail in box.mails)
        return next(m for m in mails if m.uid == int(uid)).files[int(number)][1]


_OWN = {
    "settings/user": "_own_user",
    "folders/list-email-folders": "_folders",
    "folders/folder-put": "_folder_put",
    "mail/messages": "_messages",
    "mail/message": "_message",
    "mail/move-messages": "_move",
}


def yes(**more: Any) -> Answer:
    return 200, {"success": True, "resultCode": 200, "message": "", **more}


def no(status: int, code: str) -> Answer:
    return status, {"success": False, "resultCode": status, "message": code}


def _account_row(name: str, kind: int) -> Body:
    return {
        "userName": name,
        "displayName": f'The "{name}"',
        "status": 1,
        "accountType": kind,
        "authType": 0,
        "isImapEnabled": True if kind == 1 else None,
        "lastLoginTime": NEVER,
        "imapLastLogin": "2026-11-01T07:30:00",
        "aliasTargetCount": 2 if kind == 4 else None,
        "aliasInternalOnly": False if kind == 4 else None,
        "bytesUsed": 10,
        "bytesAllowed": 1000,
        "bytesUsedPercent": 1.0,
        "description": None,
    }


def _list_row(number: int, name: str) -> Body:
    return {
        "id": number,
        "status": 1,
        "listSubscriberCount": 3,
        "digestSubscriberCount": 0,
        "posterCount": 0,
        "bannedUserCount": 0,
        "listAddress": name,
        "moderatorAddress": "ada@example.org",
        "postingPermissions": 1,
        "disabled": False,
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body leave one by one
    served: ClassVar[ScriptedSmarterMail]

    def do_GET(self) -> None:
        if self.path.startswith("/attachments/"):
            self._send(200, self.served.attachment(self.path))
        else:
            self._answer({})

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self._answer(json.loads(self.rfile.read(length)))

    def _answer(self, asked: Body) -> None:
        path = self.path.removeprefix("/api/v1/")
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, said = self.served.answer(path, asked, headers)
        if self.served.lose_answer_of == path:
            self.served.lose_answer_of = ""
            self.close_connection = True
            return
        self._send(status, json.dumps(said).encode())

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def scripted_smartermail(*addresses: str) -> Iterator[ScriptedSmarterMail]:
    """Run a server with these users while the block runs."""
    served = ScriptedSmarterMail({address: Box() for address in addresses})
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

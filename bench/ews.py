"""EWS as a client meets it: one item among many by its Message-ID, a folder in step.

    python -m bench ews [--scale default|full|tiny]

Requests go over loopback to `postwarden serve`, one at a time on one connection.
"""

import hashlib
import http.client
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import fixtures, ours
from bench.figures import Figure, Target
from bench.fixtures import DOMAIN, Fixture, user
from bench.measuring import measured, quantile
from bench.scales import Site

GROUP = "ews"
MOST = 100_000  # items of the mailbox
SYNCED = 10_000
_REQUESTS = 200
_PAGE = 512  # what one SyncFolderItems may tell
_OPEN = ("--set", "dialects.ews.authentication=none")
_DECLARED = (
    'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" '
    'xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"'
)
_INBOX = (
    '<t:DistinguishedFolderId Id="inbox"><t:Mailbox>'
    f"<t:EmailAddress>{user(0)}@{DOMAIN}</t:EmailAddress>"
    "</t:Mailbox></t:DistinguishedFolderId>"
)
_SHAPE = "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
_ITEM = re.compile(rb"<t:ItemId ")
_STATE = re.compile(rb"<m:SyncState>([^<]+)<")


def measure(site: Site) -> Iterator[Figure]:
    """Ask a server of one large mailbox; the target is for finding."""
    count = min(site.scale.copies, MOST)
    folder = Path(tempfile.mkdtemp(prefix="ews-", dir=site.work))
    try:
        source = fixtures.cached(site.work, Fixture(accounts=1, copies=count))
        shutil.copytree(source, folder / "data")
        with ours.serving(folder / "data", *_OPEN) as serving:
            connection = http.client.HTTPConnection("127.0.0.1", serving.ports["http"])
            yield _finding(connection, count)
            yield _synchronising(connection, count)
            connection.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _finding(connection: http.client.HTTPConnection, count: int) -> Figure:
    chance, times = random.Random(1), []
    for _ in range(_REQUESTS):
        seconds, said = _asked(connection, _find(chance.randrange(count)))
        if len(_ITEM.findall(said)) != 1:
            raise ValueError(f"one item was to be found: {said[:500]!r}")
        times.append(seconds)
    return Figure(
        group=GROUP,
        name=f"FindItem by Message-ID among {count:,} items, p95",
        value=1000 * quantile(times, 0.95),
        unit="ms",
        target=Target(value=30.0),
        note=f"p50 {1000 * quantile(times, 0.5):.2f} ms",
    )


def _find(number: int) -> str:
    token = hashlib.sha256(f"background {number}".encode()).digest()
    return (
        f'<m:FindItem Traversal="Shallow">{_SHAPE}<m:Restriction><t:IsEqualTo>'
        '<t:FieldURI FieldURI="message:InternetMessageId"/><t:FieldURIOrConstant>'
        f'<t:Constant Value="&lt;{token[:10].hex()}@example.net&gt;"/>'
        "</t:FieldURIOrConstant></t:IsEqualTo></m:Restriction>"
        f"<m:ParentFolderIds>{_INBOX}</m:ParentFolderIds></m:FindItem>"
    )


def _synchronising(connection: http.client.HTTPConnection, count: int) -> Figure:
    wanted, state, heard, rounds = min(SYNCED, count), "", 0, 0
    begun = time.perf_counter()
    while heard < wanted:
        most = min(_PAGE, wanted - heard)
        _, said = _asked(connection, _sync(state, most))
        found, states = len(_ITEM.findall(said)), _STATE.findall(said)
        if not found or len(states) != 1:
            raise ValueError(f"more was to be told: {said[:500]!r}")
        heard, state, rounds = heard + found, states[0].decode(), rounds + 1
    return Figure(
        group=GROUP,
        name=f"SyncFolderItems of {wanted:,} items, of {count:,} in all",
        value=time.perf_counter() - begun,
        unit="s",
        note=f"{rounds} requests",
    )


def _sync(state: str, most: int) -> str:
    return (
        f"<m:SyncFolderItems>{_SHAPE}<m:SyncFolderId>{_INBOX}</m:SyncFolderId>"
        f"<m:SyncState>{state}</m:SyncState>"
        f"<m:MaxChangesReturned>{most}</m:MaxChangesReturned></m:SyncFolderItems>"
    )


def _asked(connection: http.client.HTTPConnection, body: str) -> tuple[float, bytes]:
    content = f"<s:Envelope {_DECLARED}><s:Body>{body}</s:Body></s:Envelope>"
    begun = time.perf_counter()
    headers = {"content-type": "text/xml; charset=utf-8"}
    connection.request("POST", "/EWS/Exchange.asmx", content, headers)
    answer = connection.getresponse()
    said = answer.read()
    seconds = time.perf_counter() - begun
    if answer.status != 200:
        raise ValueError(f"{answer.status} {said[:500]!r}")
    return seconds, said


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure EWS alone."""
    return measured("ews", __doc__ or "", measure, arguments)


if __name__ == "__main__":
    sys.exit(main())

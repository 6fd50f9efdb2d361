"""find and trace: what each term of a query finds in one small, rich store."""

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.mailboxes import CopyState
from postwarden.model.queries import Query, parse
from postwarden.services.finding import resolve_similar
from postwarden.services.ports import Store, UnitOfWork
from tests.contract.sample import EVENTS, EVERY, FILES, INVOICE, WORLD
from tests.support.factories import NOW, digest
from tests.support.stores import Adapter
from tests.support.worlds import build


@pytest.fixture
async def filled(adapter: Adapter) -> Store:
    await build(adapter.store, adapter.index, WORLD)
    return adapter.store


def query(text: str) -> Query:
    return parse(text, now=NOW)


FIND = {
    # everything and nothing
    "all": EVERY,
    "absent": "",
    # words
    "invoice": "abcdefijm",
    "INVOICE": "abcdefijm",
    "invoice*": "abcdefijkm",
    "invoices": "k",
    '"invoice 4711"': "abcdeij",
    '"4711 invoice"': "",
    '"invoice 47*"': "abcdeij",
    '"invoice 47"': "",
    '"overdue dear"': "",
    "subject:invoice": "abcdeij",
    'subject:"invoice 4711 overdue"': "abcde",
    "subject:lunch": "fm",
    "body:invoice": "abcfm",
    "body:naive": "",
    "body:NAI\u0308VE": "abc",
    "subject:überraschung": "gh",
    "subject:u\u0308berraschung": "gh",
    "subject:straße": "gh",
    "body:会議": "gh",
    "body:京会": "gh",
    "body:会京": "",
    "body:final": "gh",
    "body:office": "gh",
    "-invoice": "ghkl",
    "-subject:invoice": "fghklm",
    # authors and recipients in the header
    "from:eve": "abcd",
    "from:doe": "abcd",
    "from:eve@evil.example": "abcdl",
    "from:EVE@EVIL.EXAMPLE": "abcdl",
    "from:@evil.example": "abcdel",
    "from:m*": "e",
    "from:mailer-daemon@example.org": "k",
    "from:news@b\u00fccher.example": "gh",
    "from:news@xn--bcher-kva.example": "gh",
    "from:@b*": "gh",
    "from:eve@*": "abcdl",
    "to:ada": "abc",
    "to:ada@example.org": "abcfkm",
    "to:list@example.net": "gh",
    "cc:cfo": "abc",
    "cc:carol@example.net": "abc",
    "-from:@evil.example": "fghijkm",
    # envelope
    "rcpt:ada@example.org": "ack",
    "rcpt:sales@example.org": "b",
    "rcpt:@example.org": "abck",
    "rcpt:d*": "eh",
    "rcpt:ada*": "acgk",
    "envelope-from:eve@evil.example": "abcd",
    "envelope-from:@evil.example": "abcde",
    "envelope-from:<>": "k",
    "envelope-from:mallory@evil.example": "e",
    "-envelope-from:<>": "abcdefghijlm",
    # where it lies
    "account:ada@example.org": "acfjkm",
    "account:BOB@example.org": "bil",
    "account:ada*": "acfgjkm",
    "account:ada@*": "acfgjkm",
    "account:ada@example.*": "acfgjkm",
    "domain:example.org": "abcfijklm",
    "domain:b\u00fccher.example": "eh",
    "domain:example": "",
    "in:inbox": "abdfgkl",
    "in:arch*": "cj",
    "in:archive/2026": "cj",
    "in:Entw\u00fcrfe": "eh",
    "in:gone": "",
    "-in:inbox": "cehijm",
    # dates
    "before:2026-11-14T12:00:00Z": "fijm",
    "after:2026-11-14T12:00:00Z": "abcdeghkl",
    "older:7d": "fijm",
    "newer:7d": "abcdeghkl",
    "after:2026-11-20 before:2026-11-21": "abcd",
    "after:2026-11-21": "ekl",
    "newer:0s": "l",
    # size and attachments
    "larger:3M": "d",
    "larger:3145727": "abcd",
    "smaller:1K": "fkm",
    "smaller:1025": "fklm",
    "has:attachment": "abcd",
    "-has:attachment": "efghijklm",
    "filename:invoice": "abcd",
    'filename:"annual report"': "abc",
    'filename:"pdf annual"': "",
    f"attachment-sha256:{FILES[0].sha256.hex()}": "abcd",
    f"attachment-sha256:{FILES[1].sha256.hex()}": "abc",
    # identity
    f"sha256:{INVOICE.sha256.hex()}": "abc",
    f"sha256:{digest('absent').hex()}": "",
    "message-id:<Invoice-1@evil.example>": "abcfm",
    "message-id:invoice-1@evil.example": "",
    "message-id:Invoice-*": "abcdflm",
    "-message-id:I*": "eghijk",
    f"similar:{INVOICE.sha256.hex()}": "abcde",
    f"similar:{digest('variant').hex()}": "abcde",
    f"similar:{digest('bounce').hex()}": "k",
    "similar:<Invoice-1@evil.example>": "abcdefm",
    f"-similar:{INVOICE.sha256.hex()} -is:vaulted": "fgijkl",
    # state
    "is:read": "acfij",
    "is:unread": "bdeghklm",
    "is:flagged": "cg",
    "is:answered": "e",
    "is:live": "abdefgijkl",
    "is:contained": "c",
    "is:vaulted": "hm",
    "is:held": "gh",
    "-is:held": EVERY.replace("gh", ""),
    "is:held is:vaulted": "h",
    "-is:live": "chm",
    # where it came from
    "ip:192.0.2.7": "abc",
    "ip:192.0.2.0/24": "abce",
    "ip:::ffff:192.0.2.99": "e",
    "ip:2001:db8::/32": "d",
    "ip:0.0.0.0/0": "abcegh",
    "-ip:0.0.0.0/0": "dfijklm",
    "trace:t-invoice": "abc",
    "trace:T-INVOICE": "",
    # together
    "from:eve -is:read": "bd",
    "from:eve (is:read OR account:carol@example.net)": "acd",
    "-(from:eve OR from:mallory)": "fghijklm",
    "-(from:eve is:read)": "bdefghijklm",
    "invoice -(subject:fwd OR from:mallory) account:@example.org": "abcfm",
    "is:read OR subject:lunch": "acfijm",
    "-(-from:eve)": "abcd",
    "from:eve rcpt:sales@example.org larger:1M in:inbox is:unread": "b",
    "subject:lunch OR (envelope-from:<> -is:flagged) OR trace:t-resent": "dfkm",
    "-(has:attachment OR in:inbox)": "ehijm",
    "-(has:attachment in:inbox)": "cefghijklm",
}

TRACE = {
    "all": "RSDENVMLX",
    "event:deliver": "DE",
    "event:receive OR event:move": "RSNVM",
    "-event:receive": "DEMLX",
    "trace:t-invoice": "RSDEM",
    "rcpt:ada@example.org": "RDN",
    "rcpt:@example.org": "RSDENX",
    "rcpt:b*": "X",
    "envelope-from:eve@evil.example": "RSDE",
    "envelope-from:<>": "N",
    "-envelope-from:<>": "RSDEVMLX",
    "account:ada@example.org": "DM",
    "-account:@example.org": "RSNVX",
    "in:inbox": "DEL",
    "in:archive*": "M",
    "-in:inbox": "RSNVMX",
    "ip:192.0.2.0/24": "RSDV",
    "ip:203.0.113.9": "X",
    "-ip:192.0.2.0/24": "ENMLX",
    "after:2026-11-21T12:00:01Z": "EM",
    "before:2026-11-21T12:00:00.000001Z": "RSDNVLX",
    "subject:invoice": "RSDEVM",
    "-subject:invoice": "NLX",
    "from:@evil.example": "RSDEVML",
    "-from:@evil.example": "NX",
    "larger:1M": "RSDEM",
    "-larger:1M": "NVLX",
    "smaller:1K": "N",
    "has:attachment": "RSDEM",
    "-has:attachment": "NVLX",
    "-has:attachment -event:fail": "NVL",
    "-(has:attachment event:deliver)": "RSNVMLX",
    "-(has:attachment OR event:fail)": "NVL",
    f"sha256:{INVOICE.sha256.hex()}": "RSDEM",
    f"-sha256:{INVOICE.sha256.hex()}": "NVLX",
    f"similar:{INVOICE.sha256.hex()} event:receive": "RSV",
    "message-id:Invoice-1*": "RSDEM",
    "-message-id:zzz*": "RSDENVMLX",
    "-invoice event:fail": "X",
}


def found(uow: UnitOfWork, wanted: Query) -> str:
    similar = resolve_similar(uow, OPERATOR, wanted, {})
    ids = list(uow.copies.search(wanted, states=tuple(CopyState), similar=similar))
    assert ids == sorted(ids)
    return "".join(EVERY[number - 1] for number in ids)


def traced(uow: UnitOfWork, wanted: Query) -> str:
    similar = resolve_similar(uow, OPERATOR, wanted, {})
    ids = list(uow.ledger.search(wanted, similar=similar))
    assert ids == sorted(ids)
    return "".join(list(EVENTS)[number - 1] for number in ids)


async def test_find(filled: Store) -> None:
    queries = {text: query(text) for text in FIND}

    def ask(uow: UnitOfWork) -> dict[str, str]:
        return {text: found(uow, wanted) for text, wanted in queries.items()}

    assert await filled.read(ask) == FIND


async def test_trace(filled: Store) -> None:
    queries = {text: query(text) for text in TRACE}

    def ask(uow: UnitOfWork) -> dict[str, str]:
        return {text: traced(uow, wanted) for text, wanted in queries.items()}

    assert await filled.read(ask) == TRACE


async def test_only_the_states_asked_for_are_searched(filled: Store) -> None:
    def find(uow: UnitOfWork, text: str, *states: CopyState) -> str:
        ids = uow.copies.search(query(text), states=states, similar={})
        return "".join(EVERY[number - 1] for number in ids)

    live, contained, vaulted = CopyState
    assert await filled.read(find, "all", live) == "abdefgijkl"
    assert await filled.read(find, "all", contained, vaulted) == "chm"
    assert await filled.read(find, "from:eve", live, contained) == "abcd"
    assert await filled.read(find, "is:vaulted", live) == ""
    assert await filled.read(find, "-is:vaulted", vaulted) == ""
    assert await filled.read(find, "all") == ""


async def test_a_query_may_be_as_long_and_deep_as_it_can_be_written(
    filled: Store,
) -> None:
    many = " OR ".join(f"subject:word{n}" for n in range(498))
    mixed = " OR ".join(f"(-from:x{n}@y.example is:read)" for n in range(249))
    long = '"' + " ".join(["word"] * 200) + '"'
    deep, deeper, negated = "from:eve", "from:eve", "from:eve"
    for _ in range(24):
        deep = f"(subject:absent OR (-subject:absent {deep}))"
        deeper = f"(trace:absent OR (-subject:absent {deeper}))"
        negated = f"-(is:held OR -(is:live -subject:absent {negated}))"
    wide = " OR ".join(f"(is:held subject:x{n})" for n in range(200)) + f" OR {deep}"
    texts = {
        f"{many} OR invoice": "abcdefijm",
        f"-({many}) invoice": "abcdefijm",
        mixed: "acfij",
        long: "",
        deep: "abcd",
        deeper: "abcd",
        negated: "abd",
        wide: "abcd",
    }

    def ask(uow: UnitOfWork) -> dict[str, str]:
        return {text: found(uow, query(text)) for text in texts}

    assert await filled.read(ask) == texts

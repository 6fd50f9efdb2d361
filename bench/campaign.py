"""Find, contain and undo one campaign, beside `doveadm`.

    python -m bench campaign [--scale default|full|tiny] [--no-peers]

The campaign was sent one by one: its copies differ in bytes and Message-ID and are
tied by fingerprint. `postwarden` commands are timed whole, from start to exit. Of
Dovecot the same mail is asked in as many users' INBOXes, `doveadm search -A` twice,
and the better time counts: the second one finds headers in its cache.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import fixtures, ours
from bench.figures import Figure, Target, skipped
from bench.fixtures import DOMAIN, MAIL_SIZE, Campaign, Fixture, user
from bench.mails import Mails
from bench.measuring import measured, median
from bench.peers import dovecot, maildirs
from bench.peers.dovecot import Dovecot
from bench.scales import Scale, Site
from postwarden.model.actors import OPERATOR
from postwarden.model.queries import parse
from postwarden.services import finding
from postwarden.services.ports import UnitOfWork

GROUP = "campaign"
_INSIDE = 15  # runs of what is timed inside a process


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What `doveadm` took, in seconds; None without one.

    `first` is a search before any header is in Dovecot's cache.
    """

    first: float | None = None
    search: float | None = None
    expunge: float | None = None


def large(scale: Scale) -> Campaign:
    """Return the campaign that is in every account."""
    return Campaign(name="alpha", copies=scale.campaign)


def small(scale: Scale) -> Campaign:
    """Return a tenth of it, which a store of another size holds too."""
    return Campaign(name="beta", copies=max(scale.campaign // 10, 1))


def main_fixture(scale: Scale) -> Fixture:
    """Return what the store of this measurement holds."""
    return Fixture(
        accounts=scale.accounts,
        copies=scale.copies,
        campaigns=(large(scale), small(scale)),
    )


def measure(site: Site) -> Iterator[Figure]:
    """Measure the peer, then ours on a copy of the cached store."""
    scale = site.scale
    times, missing = _of_peer(site)
    if missing:
        yield skipped(GROUP, "doveadm", missing)
    source = fixtures.cached(site.work, main_fixture(scale))
    folder = Path(tempfile.mkdtemp(prefix="campaign-", dir=site.work))
    try:
        data = fixtures.copied(source, folder / "data")
        yield from _found(data, scale, times)
        yield from _acted(data, scale, times)
        yield _grown(site, data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _similar(campaign: Campaign) -> str:
    return f"similar:<{campaign.message_id(campaign.copies // 2)}>"


def _found(data: Path, scale: Scale, times: Times) -> Iterator[Figure]:
    query, copies = _similar(large(scale)), scale.campaign
    ours.run(data, "find", query, "--count", "--json")  # bytecode and page cache
    counted = [
        ours.run(data, "find", query, "--count", "--json")
        for _ in range(scale.rounds + 2)
    ]
    _check(counted[-1].json["copies"], copies)
    yield _second(
        f"find, counted: {copies:,} of {scale.copies:,} copies",
        median(each.seconds for each in counted),
        Target(value=1.0),
        times.search,
        note="whole command" + _first(times),
    )
    listed = [ours.run(data, "find", query, "--json") for _ in range(scale.rounds)]
    _check(listed[-1].output.count(b"\n"), copies)
    yield _second(
        "find, every copy as a line of JSON",
        median(each.seconds for each in listed),
        Target(),
        times.search,
    )
    inside = _inside(data, query, _count)
    yield _second(
        "the same, counted in an open store",
        inside,
        Target(ratio=100.0),
        times.search,
        note="as a server answers, without the start of a command",
    )


def _first(times: Times) -> str:
    return (
        "" if times.first is None else f"; doveadm's first search {times.first:.1f} s"
    )


def _acted(data: Path, scale: Scale, times: Times) -> Iterator[Figure]:
    rounds = [_case(data, scale) for _ in range(scale.rounds)]
    steps = {
        "preview": (Target(), None, ""),
        "run": (Target(value=2.0, ratio=5.0), times.expunge, "doveadm expunge -A"),
        "verify": (Target(), times.search, "doveadm search -A"),
        "undo": (Target(value=2.0), None, ""),
    }
    for step, (target, peer, peer_name) in steps.items():
        seconds = median(each[step] for each in rounds)
        name = f"case {step}, {scale.campaign:,} copies"
        yield _second(name, seconds, target, peer, peer_name)
    yield Figure(
        group=GROUP,
        name="longest transaction of a run",
        value=1000 * max(each["longest"] for each in rounds),
        unit="ms",
    )


def _case(data: Path, scale: Scale) -> dict[str, float]:
    """Work a case from its opening to its undoing; return seconds of each step."""
    query = _similar(large(scale))
    opened = ours.run(data, "case", "open", query, "--reason", "bench", "--json")
    case = str(opened.json["case"])
    preview = ours.run(data, "case", "preview", case, "--json")
    plan = preview.json["plan"]
    _check(plan["copies"], scale.campaign)
    words = ["case", "approve", case, "--plan", plan["sha256"], "--json"]
    if plan["approval"]["by"] == "another":  # there is nobody else
        words += ["--break-glass", "--reason", "bench"]
    ours.run(data, *words)
    run = ours.run_watched(data, "case", "run", case, "--json")
    _check(run.json["outcomes"]["removed"], scale.campaign)
    longest = ours.seen(data).longest_transaction
    verify = ours.run(data, "case", "verify", case, "--json")
    _check(verify.json["residual"], 0)
    undo = ours.run(data, "case", "undo", case, "--json")
    _check(undo.json["restored"], scale.campaign)
    return {
        "preview": preview.seconds,
        "run": run.seconds,
        "verify": verify.seconds,
        "undo": undo.seconds,
        "longest": longest,
    }


def _grown(site: Site, data: Path) -> Figure:
    """Compare the same answer from a store of a tenth of the size."""
    scale, campaign = site.scale, small(site.scale)
    fixture = Fixture(
        accounts=scale.accounts, copies=scale.small, campaigns=(campaign,)
    )
    lesser = fixtures.cached(site.work, fixture)
    query = _similar(campaign)
    before = min(_inside(lesser, query, _count) for _ in range(3))
    after = min(_inside(data, query, _count) for _ in range(3))
    return Figure(
        group=GROUP,
        name=f"find of {campaign.copies:,}, {scale.copies:,} to {scale.small:,} copies",
        value=after / before,
        unit="times",
        target=Target(value=1.3),
        note=f"{1000 * after:.1f} ms and {1000 * before:.1f} ms in an open store",
    )


def _inside(
    data: Path, query: str, ask: Callable[[UnitOfWork, str], tuple[int, int, int]]
) -> float:
    """Return the median seconds of a read in a process that has the store open."""

    async def timed() -> float:
        times = []
        for _ in range(_INSIDE):
            begun = time.perf_counter()
            await platform.store.read(ask, query)
            times.append(time.perf_counter() - begun)
        return median(times)

    platform = fixtures.opened(data)
    try:
        return asyncio.run(timed())
    finally:
        platform.close()


def _count(uow: UnitOfWork, text: str) -> tuple[int, int, int]:
    query = parse(text, now=uow.now)
    similar = finding.resolve_similar(uow, OPERATOR, query, {})
    return finding.count(uow, finding.find(uow, OPERATOR, query, similar))


def _second(
    name: str,
    seconds: float,
    target: Target,
    peer: float | None,
    peer_name: str = "doveadm search -A",
    *,
    note: str = "",
) -> Figure:
    return Figure(
        group=GROUP,
        name=name,
        value=seconds,
        unit="s",
        peer="" if peer is None else peer_name,
        peer_value=peer,
        target=target,
        note=note,
    )


def _check(found: object, wanted: int) -> None:
    if found != wanted:
        raise ValueError(f"found {found}, not {wanted}")


def _of_peer(site: Site) -> tuple[Times, str]:
    """Search and expunge the same mail with `doveadm`; say why not."""
    if not site.peers:
        return Times(), ""
    scale = site.scale
    folder = Path(tempfile.mkdtemp(prefix="doveadm-", dir=site.work))
    try:
        dovecot.require("dovecot", "doveadm")
        maildirs.fill(folder, _peer_mails(scale))
        users = (user(number) for number in range(scale.accounts))
        with dovecot.started(folder, users) as running:
            return _doveadm(running, scale), ""
    except dovecot.Missing as error:
        return Times(), str(error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _peer_mails(scale: Scale) -> Iterable[tuple[str, bytes]]:
    """As many copies in as many mailboxes as ours, the campaign in each of them."""
    mails, campaign = Mails(MAIL_SIZE), large(scale)
    for number in range(scale.peer_copies - campaign.copies):
        name = user(number % scale.accounts)
        yield name, mails.next(to=f"{name}@{DOMAIN}")
    for number in range(campaign.copies):
        yield user(number), campaign.mail(number)


def _doveadm(running: Dovecot, scale: Scale) -> Times:
    wanted = ("mailbox", "INBOX", "subject", large(scale).subject())

    def timed(*words: str) -> tuple[float, bytes]:
        begun = time.perf_counter()
        output = running.doveadm(*words)
        return time.perf_counter() - begun, output

    searches = [timed("search", "-A", *wanted) for _ in range(2)]
    for _, output in searches:
        _check(output.count(b"\n"), scale.campaign)
    expunge, _ = timed("expunge", "-A", *wanted)
    _, left = timed("search", "-A", *wanted)
    _check(left.count(b"\n"), 0)
    times = [seconds for seconds, _ in searches]
    return Times(first=times[0], search=min(times), expunge=expunge)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the campaign alone."""
    return measured("campaign", __doc__ or "", measure, arguments)


if __name__ == "__main__":
    sys.exit(main())

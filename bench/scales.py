"""How large measurements are: `SCALE=default`, `full` or `tiny`."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WORK = Path("build/bench")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Sizes; `mails` are (octets, sessions, how many are sent)."""

    name: str
    mails: tuple[tuple[int, int, int], ...]
    accounts: int  # with mail
    copies: int  # of all mail, ours
    peer_copies: int  # of all mail, the peer's
    campaign: int  # copies to find, contain and give back
    small: int  # copies in the store that the large one is compared with
    inventory: int  # accounts to list
    paged: int  # accounts to page through
    remembered: int  # mails after which memory is looked at
    rounds: int  # of what is repeated
    traces: int
    events: int  # of a ledger to trace in
    previewed: int  # copies of one plan
    rewrites: int = 100_000  # ways that lead from an address elsewhere


_KB = 1024
DEFAULT = Scale(
    name="default",
    mails=(
        (2 * _KB, 1, 500),
        (2 * _KB, 10, 3000),
        (2 * _KB, 50, 3000),
        (100 * _KB, 1, 200),
        (100 * _KB, 10, 800),
        (100 * _KB, 50, 800),
    ),
    accounts=10_000,
    copies=100_000,
    peer_copies=100_000,
    campaign=10_000,
    small=10_000,
    inventory=100_000,
    paged=100_000,
    remembered=1000,
    rounds=3,
    traces=200,
    events=500_000,
    previewed=20_000,
)
FULL = Scale(
    name="full",
    mails=DEFAULT.mails,
    accounts=10_000,
    copies=1_000_000,
    peer_copies=100_000,
    campaign=10_000,
    small=100_000,
    inventory=100_000,
    paged=1_000_000,
    remembered=1000,
    rounds=5,
    traces=500,
    events=10_000_000,
    previewed=100_000,
)
TINY = Scale(
    name="tiny",
    mails=((2 * _KB, 2, 6), (20 * _KB, 1, 2)),
    accounts=12,
    copies=60,
    peer_copies=36,
    campaign=10,
    small=20,
    inventory=30,
    paged=30,
    remembered=5,
    rounds=1,
    traces=3,
    rewrites=1000,
    events=400,
    previewed=20,
)
SCALES = {scale.name: scale for scale in (DEFAULT, FULL, TINY)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a measurement works and how large; `peers` says whether beside others."""

    work: Path
    scale: Scale
    peers: bool = True


def site_of(
    purpose: str, program: str, arguments: Sequence[str] | None
) -> tuple[Site, argparse.Namespace]:
    """Read the options that all measurements share."""
    parser = argparse.ArgumentParser(
        prog=f"python -m bench {program}",
        description=purpose,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--scale",
        choices=SCALES,
        default=os.environ.get("SCALE", DEFAULT.name),
        help="default: SCALE, else default",
    )
    add("--work", type=Path, default=WORK, help=f"stores and mail; default {WORK}")
    add("--no-peers", action="store_true", help="measure ours alone")
    add("--output", type=Path, default=None, help=f"JSON; default {WORK}/NAME.json")
    options = parser.parse_args(arguments)
    work = options.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    scale = SCALES[options.scale]
    return Site(work=work, scale=scale, peers=not options.no_peers), options

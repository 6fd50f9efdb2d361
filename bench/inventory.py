"""The inventory of many accounts: how long, and how much memory it grows by.

    python -m bench inventory [--scale default|full|tiny]

Growth is the peak of memory beyond that of the same command on a store of ten
accounts.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import fixtures, ours
from bench.figures import MIB, Figure, Target, skipped
from bench.fixtures import Fixture
from bench.measuring import measured, median
from bench.scales import Site

GROUP = "inventory"
_FEW = 10


def measure(site: Site) -> Iterator[Figure]:
    """Write the inventory to a file, several times."""
    count = site.scale.inventory
    few = fixtures.cached(site.work, Fixture(accounts=_FEW))
    many = fixtures.cached(site.work, Fixture(accounts=count))
    output = site.work / "inventory.csv"
    name = f"inventory of {count:,} accounts"
    try:
        least = _peak(few, output)
    except subprocess.CalledProcessError as error:
        yield skipped(GROUP, name, error.stderr.decode(errors="replace").strip())
        return
    runs = [_inventory(many, output) for _ in range(site.scale.rounds)]
    lines = output.read_bytes().count(b"\n")
    if lines <= count:
        raise ValueError(f"{lines} lines are not {count} accounts and a heading")
    yield Figure(
        group=GROUP,
        name=name,
        value=median(runs),
        unit="s",
        target=Target(value=5.0),
        note=f"{output.stat().st_size / MIB:.1f} MiB written",
    )
    yield Figure(
        group=GROUP,
        name="growth of its memory",
        value=(_peak(many, output) - least) / MIB,
        unit="MiB",
        target=Target(value=30.0),
    )
    output.unlink()


def _inventory(data: Path, output: Path) -> float:
    output.unlink(missing_ok=True)
    return ours.run(data, *_words(output)).seconds


def _peak(data: Path, output: Path) -> int:
    output.unlink(missing_ok=True)
    ours.run_watched(data, *_words(output))
    return ours.seen(data).peak


def _words(output: Path) -> tuple[str, ...]:
    return ("inventory", "accounts", "--output", str(output))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the inventory alone."""
    return measured("inventory", __doc__ or "", measure, arguments)


if __name__ == "__main__":
    sys.exit(main())

"""Running a measurement: figures told as they come, then a table and JSON."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version as version_of

from bench import figures
from bench.figures import Figure
from bench.peers import dovecot, postfix
from bench.scales import Site, site_of

Measure = Callable[[Site], Iterable[Figure]]


def measured(
    name: str, purpose: str, measure: Measure, arguments: Sequence[str] | None
) -> int:
    """Measure, print the table, write JSON; return the exit status."""
    site, options = site_of(purpose, name, arguments)
    begun = time.monotonic()
    found = list(_told(measure(site)))
    seconds = time.monotonic() - begun
    output = options.output or site.work / f"{name}.json"
    machine, versions = figures.machine(), _versions()
    figures.write(
        output,
        found,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        scale=site.scale.name,
        seconds=round(seconds, 1),
        machine=machine,
        versions=versions,
    )
    print(figures.table(found))
    words = (f"{key} {value}" for key, value in {**machine, **versions}.items())
    print(f"\n{', '.join(words)}\n{seconds:.0f} s; also in {output}")
    return 0


def _told(found: Iterable[Figure]) -> Iterator[Figure]:
    for each in found:
        print(figures.line(each), file=sys.stderr, flush=True)
        yield each


def _versions() -> dict[str, str]:
    versions = {"postwarden": version_of("postwarden")}
    for name, ask in (("dovecot", dovecot.version), ("postfix", postfix.version)):
        try:
            versions[name] = ask()
        except dovecot.Missing:
            continue
    return versions


def median(values: Iterable[float]) -> float:
    """Return the middle value, the lower of two."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2]


def quantile(values: Iterable[float], share: float) -> float:
    """Return the value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

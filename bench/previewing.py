"""A preview of many copies: how long, and how much memory it grows by.

    python -m bench previewing [--scale default|full|tiny]

Growth is the peak of memory beyond that of the same command on a tenth of the copies:
a plan is written as it is found, so there is little.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import fixtures, ours
from bench.figures import MIB, Figure, Target
from bench.fixtures import Campaign, Fixture
from bench.measuring import measured
from bench.scales import Site

GROUP = "preview"
_TENTH = 10


def measure(site: Site) -> Iterator[Figure]:
    """Preview a campaign of one copy in each account, and one of a tenth of that."""
    copies = site.scale.previewed
    seconds, peak = _previewed(site.work, copies)
    _, least = _previewed(site.work, copies // _TENTH)
    yield Figure(
        group=GROUP, name=f"preview of {copies:,} copies", value=seconds, unit="s"
    )
    yield Figure(
        group=GROUP,
        name=f"growth of its memory, from {copies // _TENTH:,} copies",
        value=(peak - least) / MIB,
        unit="MiB",
        target=Target(value=30.0),
        note=f"peak {peak / MIB:.0f} MiB",
    )


def _previewed(work: Path, copies: int) -> tuple[float, int]:
    """Return the seconds and the peak of memory of a preview."""
    campaign = Campaign(name="gamma", copies=copies, stored=False)
    fixture = Fixture(accounts=copies, campaigns=(campaign,), mailboxes=False)
    source = fixtures.cached(work, fixture)
    folder = Path(tempfile.mkdtemp(prefix="preview-", dir=work))
    try:
        data = fixtures.copied(source, folder / "data")
        query = f"similar:{campaign.message_id(0)}"
        ours.run(data, "case", "open", query, "--reason", "measured")
        ran = ours.run_watched(data, "case", "preview", "1")
        return ran.seconds, ours.seen(data).peak
    finally:
        shutil.rmtree(folder)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure previews alone."""
    return measured("previewing", __doc__ or "", measure, arguments)


if __name__ == "__main__":
    sys.exit(main())

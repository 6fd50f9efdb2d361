"""Precision and recall of fingerprints on real mail whose copies are known.

    POSTWARDEN_TEST_DATA=DIR python -m bench fingerprints

DIR has the mails and FANOUT.csv, a row per mail that lies in several mailboxes.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.figures import Better, Figure, Target, skipped
from bench.measuring import measured
from bench.scales import Site
from tests.conformance.fingerprint import groups

GROUP = "fingerprints"
_DATA = "POSTWARDEN_TEST_DATA"


def measure(_: Site) -> Iterator[Figure]:
    """Compare what fingerprints group with what is known."""
    folder = os.environ.get(_DATA)
    if not folder:
        yield skipped(GROUP, "precision and recall", f"{_DATA} names no folder")
        return
    accuracy = groups.measure(Path(folder))
    shares = {"precision": accuracy.precision, "recall": accuracy.recall}
    for name, share in shares.items():
        yield Figure(
            group=GROUP,
            name=f"{name} over {accuracy.true:,} true pairs",
            value=share,
            unit="",
            better=Better.MORE,
            target=Target(value=1.0),
            note=f"{len(accuracy.missed)} missed, {len(accuracy.wrong)} wrong",
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure fingerprints alone."""
    return measured("fingerprints", __doc__ or "", measure, arguments)


if __name__ == "__main__":
    sys.exit(main())

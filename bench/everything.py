"""Every measurement with a target, in one run: what `make bench` does.

    python -m bench [everything] [--scale default|full|tiny] [--no-peers]
                    [--output FILE] [--work DIR]

SCALE=full measures at the sizes of the targets. Stores are cached in --work. Peers
(Postfix, Dovecot; scripts/services installs them) need root and run on loopback.
"""

import sys
from collections.abc import Iterator, Sequence

from bench import (
    api,
    auditing,
    campaign,
    ews,
    fingerprints,
    idling,
    ingest,
    inventory,
    paging,
    previewing,
    rewriting,
    tracing,
)
from bench.figures import Figure
from bench.measuring import measured
from bench.scales import Site

_ALL = (
    *(ingest, idling, campaign, inventory, paging, api, ews, previewing),
    *(tracing, auditing, fingerprints, rewriting),
)


def measure(site: Site) -> Iterator[Figure]:
    """Measure one after the other."""
    for each in _ALL:
        yield from each.measure(site)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure everything."""
    return measured("everything", __doc__ or "", measure, arguments)


if __name__ == "__main__":
    sys.exit(main())

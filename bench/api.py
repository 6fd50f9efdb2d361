"""Our own API as a client meets it: a page of accounts, a creation, a search.

    python -m bench api [--scale default|full|tiny]

Requests go over loopback to `postwarden serve`, one at a time on one connection.
"""

import http.client
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench import fixtures, ours
from bench.figures import Figure, Target
from bench.fixtures import DOMAIN, Fixture, user
from bench.measuring import measured, quantile
from bench.scales import Site

GROUP = "api"
_REQUESTS = 200
_PREFIX = "/postwarden/v1"
_OPEN = ("--set", "dialects.native.authentication=none")

Ask = Callable[[int], tuple[str, str, object]]


def measure(site: Site) -> Iterator[Figure]:
    """Ask a server for each kind of thing; the target is for pages."""
    count = site.scale.paged
    folder = Path(tempfile.mkdtemp(prefix="api-", dir=site.work))
    try:
        source = fixtures.cached(site.work, Fixture(accounts=count, mailboxes=False))
        shutil.copytree(source, folder / "data")
        with ours.serving(folder / "data", *_OPEN) as serving:
            yield from _measured(serving.ports["http"], count)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measured(port: int, count: int) -> Iterator[Figure]:
    chance = random.Random(1)

    def page(_: int) -> tuple[str, str, object]:
        size = chance.randrange(50, 101)
        return "GET", f"/accounts?domain={DOMAIN}&limit={size}", None

    def create(number: int) -> tuple[str, str, object]:
        return "POST", "/accounts", {"address": f"new{number}@{DOMAIN}"}

    def find(number: int) -> tuple[str, str, object]:
        return "GET", f"/copies?filter=account:{user(number % count)}@{DOMAIN}", None

    kinds: dict[str, tuple[Ask, float]] = {
        f"a page of {count:,} accounts": (page, 20.0),
        "create an account": (create, 50.0),
        "find the mail of an account": (find, 50.0),
    }
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for name, (ask, target) in kinds.items():
        times = [_asked(connection, *ask(number)) for number in range(_REQUESTS)]
        yield Figure(
            group=GROUP,
            name=f"{name}, p95",
            value=1000 * quantile(times, 0.95),
            unit="ms",
            target=Target(value=target),
            note=f"p50 {1000 * quantile(times, 0.5):.2f} ms",
        )
    connection.close()


def _asked(
    connection: http.client.HTTPConnection, method: str, path: str, body: object
) -> float:
    begun = time.perf_counter()
    content = None if body is None else json.dumps(body)
    headers = {} if body is None else {"content-type": "application/json"}
    connection.request(method, _PREFIX + path, content, headers)
    answer = connection.getresponse()
    said = answer.read()
    seconds = time.perf_counter() - begun
    if answer.status not in {200, 201}:
        raise ValueError(f"{method} {path}: {answer.status} {said[:200]!r}")
    return seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the API alone."""
    return measured("api", __doc__ or "", measure, arguments)


if __name__ == "__main__":
    sys.exit(main())

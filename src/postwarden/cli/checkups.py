"""The checks of `doctor`, each of which yields one finding."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from postwarden.adapters import data_directory
from postwarden.adapters.sql.integrity import StoreInspection, explained
from postwarden.bootstrap import Places, Platform
from postwarden.cli.listeners import DEFAULTS, certificate_of
from postwarden.model.actors import Actor
from postwarden.model.audit import AuditEntry
from postwarden.model.errors import MailError, NotFound, Unavailable
from postwarden.services import diagnosis, indexing
from postwarden.services.diagnosis import Finding, failed, ok, some, warning
from postwarden.settings import Settings
from postwarden.wire import x509

Check: TypeAlias = Callable[[], Awaitable[Finding]]

SAMPLE = 200  # messages whose content is read and verified without --full
_RESTORE = "take the store from a backup; `postwarden find` names whose mail it was"


class StoreCheckup:
    """Checks of rows, content and full text."""

    def __init__(
        self,
        platform: Platform,
        inspection: StoreInspection,
        actor: Actor,
        *,
        repair: bool,
        full: bool,
    ) -> None:
        self._platform = platform
        self._inspection = inspection
        self._actor = actor
        self._repair = repair
        self._full = full

    def checks(self) -> dict[str, Check]:
        return {
            "pages": self._pages,
            "tables": self._tables,
            "references": self._references,
            "counters": self._counters,
            "content": self._content,
            "content-hashes": self._hashes,
            "full-text": self._full_text,
            "drafts": self._drafts,
            "clock": self._clock,
        }

    async def _pages(self) -> Finding:
        damaged = self._inspection.damaged_pages()
        if damaged:
            return failed("pages", some(damaged), _RESTORE)
        return ok("pages", "the database files are whole")

    async def _tables(self) -> Finding:
        missing = self._inspection.missing_columns()
        if missing:
            return failed("tables", f"missing: {some(missing)}", _RESTORE)
        return ok("tables", "every table and column is there")

    async def _references(self) -> Finding:
        dangling = self._inspection.dangling()
        if dangling:
            return failed("references", some(dangling), _RESTORE)
        return ok("references", "rows name only rows that are there")

    async def _counters(self) -> Finding:
        wrong = self._inspection.wrong_counters()
        if not (self._repair and any(wrong)):
            return diagnosis.counters(*wrong)
        actor = self._actor
        self._inspection.recount(
            AuditEntry(
                time=self._platform.clock(),
                actor=actor.name,
                dialect=actor.dialect,
                client_ip=actor.client_ip,
                request_id=actor.request_id,
                action="store.recount",
                object="store",
                after={"mailboxes": wrong[0], "accounts": wrong[1]},
            )
        )
        return ok(
            "counters", f"counted anew: {wrong[0]} mailboxes, {wrong[1]} accounts"
        )

    async def _content(self) -> Finding:
        found = self._inspection.content()
        examples = list(found.examples)
        missing = found.missing
        for start in range(0, len(found.large), 1000):
            part = found.large[start : start + 1000]
            there = await self._platform.blobs.has(part)
            gone = [
                each for each, is_there in zip(part, there, strict=True) if not is_there
            ]
            missing += len(gone)
            examples += gone
        if missing:
            shown = some([each.hex() for each in examples])
            return failed(
                "content", f"missing for {missing} messages: {shown}", _RESTORE
            )
        return ok("content", f"there for all of {found.messages} messages")

    async def _hashes(self) -> Finding:
        read, bad = 0, list[str]()
        look = self._inspection
        for sha256 in look.digests() if self._full else look.some_digests(SAMPLE):
            read += 1
            try:
                await self._platform.blobs.get(sha256)
            except (NotFound, Unavailable):
                bad.append(sha256.hex())
        if bad:
            return failed(
                "content-hashes", f"damaged: {len(bad)}: {some(bad)}", _RESTORE
            )
        how = "all" if self._full else "picked at random"
        return ok("content-hashes", f"{read} messages read and verified ({how})")

    async def _full_text(self) -> Finding:
        platform = self._platform
        if self._repair:
            while await indexing.index_next(platform.search, platform.blobs):
                pass
        return diagnosis.indexing(await platform.search.lag())

    async def _drafts(self) -> Finding:
        left = data_directory.left_drafts(self._platform.places.blobs)
        if left and self._repair:
            for path in left:
                path.unlink(missing_ok=True)
            return ok("drafts", f"removed {len(left)} that a crash left behind")
        if left:
            return warning(
                "drafts",
                f"{len(left)} left behind by a crash; they only take room",
                "`postwarden doctor --repair` removes them",
            )
        return ok("drafts", "none left behind")

    async def _clock(self) -> Finding:
        return diagnosis.clock(self._platform.clock(), self._inspection.newest_event())


class SurroundingsCheckup:
    """Checks that need no store that can be opened."""

    def __init__(
        self, places: Places, settings: Settings, now: datetime, *, repair: bool
    ) -> None:
        self._places = places
        self._settings = settings
        self._now = now
        self._repair = repair

    def checks(self) -> dict[str, Check]:
        return {
            "disk": self._disk,
            "files": self._files,
            "tls": self._tls,
            "ports": self._ports,
        }

    async def _disk(self) -> Finding:
        least = self._settings.store.minimum_free
        there = [
            each
            for each in (self._places.rows.parent, self._places.blobs)
            if each.exists()
        ]
        return diagnosis.disk(min(map(data_directory.free_octets, there)), least)

    async def _files(self) -> Finding:
        places = self._places
        databases = [
            places.rows,
            places.rows.with_name("search.db"),
            places.blobs / "content.db",
        ]
        open_ = data_directory.open_to_others([places.blobs, *_own(places)], databases)
        if open_ and self._repair:
            data_directory.close_to_others(open_)
            return ok("files", f"closed to others: {some(open_)}")
        if open_:
            return failed(
                "files",
                f"open to others: {some(open_)}",
                "`postwarden doctor --repair` leaves them to their owner",
            )
        return ok("files", "only their owner can read the store's files")

    async def _tls(self) -> Finding:
        certificate = self._settings.tls.certificate
        if certificate is None:
            return ok("tls", "no certificate is set; AUTH and HTTPS are not offered")
        certificate_of(self._settings)
        try:
            end = x509.not_after(certificate.read_bytes())
        except x509.NotACertificate as error:
            return failed("tls", f"{certificate}: {error}", "name a file in PEM")
        return diagnosis.certificate(self._now, end)

    async def _ports(self) -> Finding:
        taken = []
        for name, address in DEFAULTS.items():
            host, _, port = address.rpartition(":")
            if not data_directory.is_free(host, int(port)):
                taken.append(f"{name} {address}")
        if taken:
            return ok("ports", f"in use: {some(taken)}; a plain `serve` takes the next")
        return ok("ports", f"free: {', '.join(DEFAULTS.values())}")


def _own(places: Places) -> Sequence[Path]:
    """Return the folder of the rows, where it is ours alone."""
    return [places.data] if places.rows.parent == places.data else []


async def finding_of(name: str, check: Check) -> Finding:
    """Run a check; what it cannot look at has failed it."""
    try:
        with explained():
            return await check()
    except (MailError, OSError) as error:
        return failed(name, str(error), "see whether the file is there and readable")

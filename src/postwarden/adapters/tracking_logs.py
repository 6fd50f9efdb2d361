"""Message tracking logs in files and folders, read line by line."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from postwarden.adapters.mailtrees import Listing, MailTree, OpenFile
from postwarden.model.errors import Invalid
from postwarden.services.found_mail import BadItem
from postwarden.wire.tracking_log import Row, is_log_name, read_rows

_PIECE = 1 << 18  # octets read at a time


def tracking_logs(
    paths: Iterable[Path],
) -> Iterator[tuple[str, Iterator[Row | BadItem]]]:
    """Yield each log with its rows; of a folder, those named as logs are.

    The rows can be read until the next log is asked for. Raises NotFound.
    """
    trees = [MailTree(path) for path in paths]  # all are there, or nothing is read
    for tree in trees:
        if tree.root.is_file():
            with tree.alone() as (listing, name):
                yield listing.place(name), _rows(listing, name)
            continue
        for listing in tree.walk():
            if listing.bad:
                yield str(listing.path), iter(listing.bad)
            for name in filter(is_log_name, listing.names):
                yield listing.place(name), _rows(listing, name)


def _rows(listing: Listing, name: str) -> Iterator[Row | BadItem]:
    try:
        with listing.open(name) as file:
            for found in read_rows(_lines(file)):
                if isinstance(found, Row):
                    yield found
                else:
                    place = f"{listing.place(name)}:{found.number}"
                    yield BadItem(place=place, reason=found.reason)
    except (OSError, Invalid) as error:
        yield listing.is_bad(name, error)


def _lines(file: OpenFile) -> Iterator[bytes]:
    """Yield lines with their ends; a long one comes in pieces."""
    begun = b""
    for piece in file.pieces(_PIECE):
        *whole, begun = (begun + piece).split(b"\n")
        yield from (line + b"\n" for line in whole)
        if len(begun) > _PIECE:
            yield begun
            begun = b""
    if begun:
        yield begun

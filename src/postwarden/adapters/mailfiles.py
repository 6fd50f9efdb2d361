"""Mail files found one after another: folders of mails, maildirs, mboxes.

What cannot be read is told and does not end the search.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from postwarden.adapters.mailtrees import Listing, MailTree, reason_of
from postwarden.model.errors import Invalid
from postwarden.model.mailboxes import INBOX, NO_FLAGS, Flag, flags_of, mailbox_name
from postwarden.services.found_mail import BadItem, FoundMail
from postwarden.wire import maildir, mbox, paths

INDEX = "index.jsonl"  # of a folder that `export` wrote
MBOX_SUFFIX = ".mbox"
_PIECE = 1 << 20  # octets read at a time
_IN_MAILDIR = ("cur", "new", "tmp")

Item: TypeAlias = FoundMail | BadItem
Flags: TypeAlias = tuple[Flag, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How to read: the largest mail taken, and the mailbox for all, if one is."""

    max_size: int
    mailbox: str | None = None

    def too_large(self, size: int) -> Invalid:
        return Invalid(
            f"larger than smtp.message_size: {size} octets, {self.max_size} allowed"
        )

    def mailbox_or_error(self, name: str) -> str | Invalid:
        """Return the mailbox for mails that lie where `name` says."""
        try:
            return self.mailbox or mailbox_name(name)
        except Invalid as error:
            return error


def eml_files(root: Path, reading: Reading) -> Iterator[Item]:
    """Yield every file of a folder and of those below; or the one file `root`.

    Raises NotFound.
    """
    return _eml_files(MailTree(root), reading)


def _eml_files(tree: MailTree, reading: Reading) -> Iterator[Item]:
    if tree.root.is_file():
        with tree.alone() as (listing, name):
            yield from _mail(listing, name, reading.mailbox or INBOX, reading)
        return
    for listing in tree.walk():
        yield from listing.bad
        mailbox = reading.mailbox_or_error(paths.mailbox_of(listing.levels) or INBOX)
        for name in _mail_names(listing):
            yield from _mail(listing, name, mailbox, reading)


def maildirs(root: Path, reading: Reading) -> Iterator[Item]:
    """Yield the mails of a maildir and of the mailboxes below it.

    Raises NotFound, Invalid for a folder that is no maildir.
    """
    tree = MailTree(root)
    folders = tree.walk(without=_IN_MAILDIR)
    if not any(_parts(listing) or listing.bad for listing in folders):
        raise Invalid(f"{root} is no maildir: it has neither cur nor new", field="path")
    return _maildirs(tree, reading)


def _maildirs(tree: MailTree, reading: Reading) -> Iterator[Item]:
    for listing in tree.walk(without=_IN_MAILDIR):
        yield from listing.bad
        yield from _maildir(tree, listing, reading)


def _parts(listing: Listing) -> list[str]:
    """Return which folders of mails there are."""
    return [part for part in ("cur", "new") if part in listing.folders]


def mboxes(root: Path, reading: Reading) -> Iterator[Item]:
    """Yield the mails of an mbox file; of a folder, those of every file in it.

    The files of a folder are named after mailboxes. Raises NotFound.
    """
    return _mboxes(MailTree(root), reading)


def _mboxes(tree: MailTree, reading: Reading) -> Iterator[Item]:
    if tree.root.is_file():
        with tree.alone() as (listing, name):
            yield from _mbox(listing, name, reading.mailbox or INBOX, reading)
        return
    for listing in tree.walk():
        yield from listing.bad
        for name in _mail_names(listing):
            levels = [*listing.levels, name.removesuffix(MBOX_SUFFIX)]
            mailbox = reading.mailbox_or_error(paths.mailbox_of(levels))
            if isinstance(mailbox, Invalid):
                yield listing.is_bad(name, mailbox)
            else:
                yield from _mbox(listing, name, mailbox, reading)


def _mail_names(listing: Listing) -> list[str]:
    """Return the files of a folder, but for the index that `export` writes."""
    return [name for name in listing.names if listing.levels or name != INDEX]


def _mail(
    listing: Listing,
    name: str,
    mailbox: str | Invalid,
    reading: Reading,
    *,
    from_file_time: bool = False,
    flags: Flags = (NO_FLAGS, ()),
) -> Iterator[Item]:
    if isinstance(mailbox, Invalid):
        yield listing.is_bad(name, mailbox)
        return
    try:
        content, time = _read(listing, name, reading)
    except (OSError, Invalid) as error:
        yield listing.is_bad(name, error)
        return
    yield FoundMail(
        place=listing.place(name),
        name=name,
        mailbox=mailbox,
        content=content,
        file_time=time,
        internal_date=time if from_file_time else None,
        flags=flags[0],
        keywords=flags[1],
    )


def _read(listing: Listing, name: str, reading: Reading) -> tuple[bytes, datetime]:
    with listing.open(name) as file:
        content = file.content(reading.max_size)
        if content is None:
            raise reading.too_large(max(file.size, reading.max_size + 1))
        return content, file.time


def _maildir(tree: MailTree, listing: Listing, reading: Reading) -> Iterator[Item]:
    mailbox = reading.mailbox_or_error(_maildir_mailbox(listing.levels))
    letters: Mapping[str, str] = {}
    if maildir.KEYWORDS_FILE in listing.names:
        try:
            with listing.open(maildir.KEYWORDS_FILE) as file:
                octets = next(file.pieces(maildir.MAX_KEYWORDS_FILE), b"")
            letters = maildir.parse_keywords(octets.decode("utf-8", "replace"))
        except (OSError, Invalid) as error:
            place = listing.place(maildir.KEYWORDS_FILE)
            reason = f"skipped: keywords are not known: {reason_of(error)}"
            yield BadItem(place=place, reason=reason, skipped=True)
    for part in _parts(listing):
        with tree.list([*listing.levels, part]) as mails:
            yield from mails.bad
            for name in mails.names:
                # What is new has no flags, whatever its name says.
                given = maildir.flags_of(name, letters) if part == "cur" else []
                yield from _mail(
                    mails,
                    name,
                    mailbox,
                    reading,
                    from_file_time=True,
                    flags=flags_of(given),
                )


def _maildir_mailbox(levels: Sequence[str]) -> str:
    """Return the mailbox of a folder below a maildir; the maildir itself is INBOX."""
    names = [
        maildir.mailbox_of(level) if level.startswith(".") else paths.unquoted(level)
        for level in levels
    ]
    return "/".join(names) or INBOX


def _mbox(
    listing: Listing, name: str, mailbox: str, reading: Reading
) -> Iterator[Item]:
    try:
        with listing.open(name) as file:
            for item in _mbox_items(file.pieces(_PIECE), reading.max_size):
                place = f"{listing.place(name)}: mail {item.number}"
                if item.content is None:
                    reason = str(reading.too_large(item.size))
                    yield BadItem(place=place, reason=reason)
                    continue
                yield FoundMail(
                    place=place,
                    name=f"{name}: mail {item.number}",
                    mailbox=mailbox,
                    content=item.content,
                    file_time=file.time,
                    internal_date=item.date,
                    is_exact=item.is_exact,
                )
    except mbox.NotAnMbox as error:
        yield listing.is_bad(name, Invalid(f"not an mbox: {error}"))
    except (OSError, Invalid) as error:
        yield listing.is_bad(name, error)


def _mbox_items(pieces: Iterator[bytes], max_size: int) -> Iterator[mbox.MboxItem]:
    splitter = mbox.MboxSplitter(max_size)
    for piece in pieces:
        yield from splitter.feed(piece)
    yield from splitter.finish()

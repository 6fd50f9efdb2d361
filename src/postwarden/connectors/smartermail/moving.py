"""Moving mail aside and back, and knowing afterwards which is which.

A move is answered for all of its mails at once, gives them other numbers, and says
none of them. So each is looked at before, and looked for after: by what lists say of
it, and where several are alike in that, by its header.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby

from postwarden.connectors.smartermail.client import SmarterMailError
from postwarden.connectors.smartermail.mail import (
    Mailbox,
    Reference,
    identity,
    path_of,
)
from postwarden.model.errors import Unavailable
from postwarden.services.ports.systems import (
    Location,
    Narrowing,
    Place,
    RemoteCopy,
    RemoteOutcome,
)

BATCH = 100  # mails in one request
_MOVE = "mail/move-messages"
_ANY = Narrowing()


async def move(
    mailbox: Mailbox, copies: Sequence[RemoteCopy], target: str
) -> list[RemoteOutcome]:
    """Move mail of one account to a folder that is there.

    Raises SmarterMailError and Unavailable only before anything was moved.
    """
    outcomes: dict[str, RemoteOutcome] = {}
    by_folder = sorted(copies, key=_folder)
    for folder, group in groupby(by_folder, key=_folder):
        of_folder = list(group)
        for start in range(0, len(of_folder), BATCH):
            some = of_folder[start : start + BATCH]
            try:
                outcomes |= await _moved(mailbox, folder, some, target)
            except (SmarterMailError, Unavailable) as error:
                outcomes |= {
                    each.reference: RemoteOutcome(reason=str(error)) for each in some
                }
    return [outcomes[copy.reference] for copy in copies]


def _folder(copy: RemoteCopy) -> str:
    return Reference.of(copy.reference).folder


async def _moved(
    mailbox: Mailbox, folder: str, copies: Sequence[RemoteCopy], target: str
) -> dict[str, RemoteOutcome]:
    """Move mail of one folder; return what became of it by the references it had."""
    headers = await _headers(mailbox, copies)
    there = [copy for copy in copies if copy.reference in headers]
    outcomes = {
        copy.reference: RemoteOutcome()
        for copy in copies
        if copy.reference not in headers
    }
    if not there:
        return outcomes
    before = {each.reference for each in await _listed(mailbox, target)}
    body = {
        "UID": [Reference.of(copy.reference).uid for copy in there],
        "folder": folder,
        "ownerEmailAddress": "",
        "destinationFolder": target,
        "destinationOwnerEmailAddress": "",
    }
    try:
        await mailbox.act(_MOVE, body)
    except Unavailable as error:
        return outcomes | _unknown(there, error)
    try:
        return outcomes | await _paired(mailbox, target, there, before, headers)
    except (SmarterMailError, Unavailable) as error:
        return outcomes | _unknown(there, error)


def _unknown(
    copies: Sequence[RemoteCopy], error: Exception
) -> dict[str, RemoteOutcome]:
    reason = f"{error}: not known whether it was moved"
    outcome = RemoteOutcome(reason=reason, is_unknown=True)
    return {copy.reference: outcome for copy in copies}


async def _headers(mailbox: Mailbox, copies: Sequence[RemoteCopy]) -> dict[str, bytes]:
    """Return a hash of the header of each mail that is there, by reference."""
    found = {}
    for copy in copies:
        data = await mailbox.shown(Reference.of(copy.reference))
        if data is not None:
            found[copy.reference] = _hash(data["header"])
    return found


def _hash(header: object) -> bytes:
    return hashlib.sha256(str(header).encode(errors="replace")).digest()


async def _listed(mailbox: Mailbox, folder: str) -> list[RemoteCopy]:
    return [copy async for copy in mailbox.find(folder, _ANY)]


async def _paired(
    mailbox: Mailbox,
    target: str,
    moved: Sequence[RemoteCopy],
    before: Collection[str],
    headers: Mapping[str, bytes],
) -> dict[str, RemoteOutcome]:
    """Return under which reference each mail that was moved is found now."""
    new = [
        each for each in await _listed(mailbox, target) if each.reference not in before
    ]
    outcomes: dict[str, RemoteOutcome] = {}
    for copy in moved:
        alike = [each for each in new if identity(each) == identity(copy)]
        if len(alike) > 1:
            known = await _headers(mailbox, alike)
            wanted = headers[copy.reference]
            alike = [each for each in alike if known.get(each.reference) == wanted]
        if alike:  # what is alike to the last letter of its header is the same mail
            new = [each for each in new if each is not alike[0]]
            outcomes[copy.reference] = RemoteOutcome(reference=alike[0].reference)
        else:
            reason = "moved, and not found where it was moved to"
            outcomes[copy.reference] = RemoteOutcome(reason=reason, is_unknown=True)
    return outcomes


async def where_now(
    mailbox: Mailbox, copy: RemoteCopy, target: str, towards: Place
) -> Location:
    """Say where a mail is whose move to a folder had no answer.

    Of several that are alike in all that lists say nobody could say which it was.
    """
    before = Place.HOME if towards is Place.ASIDE else Place.ASIDE
    folder = Reference.of(copy.reference).folder
    if path_of(folder).casefold() != path_of(target).casefold():
        for each in await _listed(mailbox, folder):
            if each.reference == copy.reference and identity(each) == identity(copy):
                return Location(place=before, reference=copy.reference)
    alike = [
        each
        for each in await _listed(mailbox, target)
        if identity(each) == identity(copy)
    ]
    if len(alike) != 1:
        return Location(place=Place.NOWHERE)
    return Location(place=towards, reference=alike[0].reference)

"""Maildirs for a Dovecot that is searched, written straight to disk.

A folder is owned by the user that Dovecot reads mail as; the names are Dovecot's own
form, with sizes, so that nothing has to be read to list a mailbox.
"""

import os
import pwd
from collections.abc import Iterable
from pathlib import Path

from bench.peers.dovecot import OWNER, homes_in


def fill(folder: Path, mails: Iterable[tuple[str, bytes]]) -> int:
    """Write (local part, mail) pairs below `folder`/homes; return how many."""
    owner = pwd.getpwnam(OWNER)
    homes = homes_in(folder)
    known: set[str] = set()
    written = 0
    for user, mail in mails:
        maildir = homes / user / "Maildir"
        if user not in known:
            known.add(user)
            for part in ("", "cur", "new", "tmp"):
                (maildir / part).mkdir(parents=True, exist_ok=True)
                os.chown(maildir / part, owner.pw_uid, owner.pw_gid)
            os.chown(homes / user, owner.pw_uid, owner.pw_gid)
        written += 1
        # The sizes of the file, and with CRLF line ends, which it has already.
        name = f"1793000000.M{written}P1.bench,S={len(mail)},W={len(mail)}:2,"
        path = maildir / "cur" / name
        path.write_bytes(mail)
        os.chown(path, owner.pw_uid, owner.pw_gid)
    return written

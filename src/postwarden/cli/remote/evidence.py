"""`case export` as a request: the archive is unpacked here, and checked."""

import asyncio
import hashlib
from tempfile import TemporaryFile

from postwarden.adapters import evidence_checking
from postwarden.adapters.evidence import MANIFEST
from postwarden.adapters.evidence_archive import unpack
from postwarden.cli.cases.proving import tell_exported
from postwarden.cli.output import Output
from postwarden.cli.remote.client import Client
from postwarden.cli.remote.words import Words
from postwarden.model.errors import AlreadyExists, Unavailable


def export(client: Client, output: Output, words: Words) -> None:
    """Write the evidence of a case of the server to a directory here."""
    case, to = words["case"], words["to"]
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise AlreadyExists("directory", str(to))
    with TemporaryFile(prefix="evidence-") as archive:
        for piece in client.stream("POST", f"/cases/{case}/export"):
            archive.write(piece)
        asyncio.run(unpack(archive, to))
    checked = evidence_checking.check(to)
    if checked.problems or checked.signed_by is None:
        raise Unavailable(f"the evidence did not arrive whole: {checked.problems[:1]}")
    digest = hashlib.sha256((to / MANIFEST).read_bytes()).digest()
    tell_exported(output, case, to, digest, checked.signed_by)

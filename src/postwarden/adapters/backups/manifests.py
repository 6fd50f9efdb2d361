"""The manifest of a backup: what is in it, and that it is whole.

It is the last file that is written. A directory without it is no backup.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from postwarden.adapters.wholefiles import whole_file
from postwarden.model.errors import Invalid, NotFound, Refused

NAME: Final = "MANIFEST.json"
UNFINISHED: Final = "UNFINISHED"  # a file that lies in a backup until it is whole
KIND: Final = "postwarden backup"
VERSION: Final = 1

ROWS: Final = "postwarden.db"
CONTENT: Final = "blobs/content.db"
LARGE: Final = "blobs/large"
MASTER_KEY: Final = "master.key"
SIGNING_KEY: Final = "signing.key"
_FILES: Final = {ROWS, CONTENT, MASTER_KEY, SIGNING_KEY}
_LARGEST = 1024 * 1024  # octets


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds.

    `files` are SHA-256 by name; large content, in files of its own, is named by the
    hash of what is in it. `missing` messages had no content in the store either.
    """

    made_at: str
    postwarden: str
    schema: str
    files: dict[str, str]
    octets: int
    large: int
    missing: int
    messages: int
    copies: int
    accounts: int
    audit_entries: int
    audit_hash: str | None
    kind: str = field(default=KIND)
    version: int = field(default=VERSION)


def write(directory: Path, manifest: Manifest) -> None:
    """Make a backup whole."""
    with whole_file(directory / NAME) as file:
        file.write(json.dumps(asdict(manifest), indent=2).encode() + b"\n")


def read(directory: Path) -> Manifest:
    """Return the manifest of a backup that is whole.

    Raises Refused for an unfinished one, NotFound without a manifest, Invalid for
    one that is none.
    """
    if (directory / UNFINISHED).exists():
        raise Refused(
            f"the backup in {directory} was not finished: "
            "`postwarden backup --to` with the same directory goes on with it"
        )
    try:
        with (directory / NAME).open("rb") as file:
            octets = file.read(_LARGEST)
    except OSError as error:
        raise NotFound("backup", str(directory)) from error
    try:
        manifest = Manifest(**json.loads(octets))
    except (ValueError, TypeError, RecursionError) as error:
        raise Invalid(f"{directory / NAME} is no manifest of a backup") from error
    if not _is_ours(manifest):
        raise Invalid(f"{directory / NAME} is of no backup that this release knows")
    return manifest


def _is_ours(manifest: Manifest) -> bool:
    files: Any = manifest.files  # JSON could have put anything there
    return (
        (manifest.kind, manifest.version) == (KIND, VERSION)
        and isinstance(files, dict)
        and files.keys() <= _FILES
        and ROWS in files
        and all(isinstance(digest, str) for digest in files.values())
    )

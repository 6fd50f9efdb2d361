"""What commands that check signatures are given: public keys, and signed heads."""

import json
from pathlib import Path
from typing import Annotated

import typer

from postwarden.model.audit_heads import SignedHead, parse_head
from postwarden.model.errors import Invalid, NotFound

_LARGEST = 8192  # octets of a key or a head

PublicKey = Annotated[
    str | None,
    typer.Option(
        "--public-key",
        metavar="FILE|HEX",
        help="Whose signature it must be: 64 hexadecimal digits, or a PEM file.",
    ),
]
Anchors = Annotated[
    list[Path] | None,
    typer.Option(
        "--anchor",
        metavar="FILE",
        help="What `audit anchor` wrote; the log must still have it. Repeatable.",
    ),
]


def public_key_of(option: str | None) -> bytes | None:
    """Read `--public-key`; raises Invalid or NotFound."""
    if option is None:
        return None
    from postwarden.wire.ed25519 import (  # noqa: PLC0415  its import is for who checks
        NotAPublicKey,
        parse_public_key,
    )

    try:
        return parse_public_key(option)
    except NotAPublicKey:
        text = _read(Path(option), "public key")
    try:
        return parse_public_key(text)
    except NotAPublicKey as error:
        raise Invalid(f"{option}: {error}", field="public-key") from error


def anchors_of(paths: list[Path] | None) -> list[SignedHead]:
    """Read the files of `--anchor`; raises Invalid or NotFound."""
    return [_anchor(path) for path in paths or []]


def _anchor(path: Path) -> SignedHead:
    try:
        return parse_head(json.loads(_read(path, "anchor")))
    except (ValueError, RecursionError, Invalid) as error:
        raise Invalid(
            f"{path} is no signed head of an audit log", field="anchor"
        ) from error


def _read(path: Path, what: str) -> str:
    try:
        with path.open("rb") as file:
            octets = file.read(_LARGEST + 1)
    except OSError as error:
        raise NotFound(what, str(path)) from error
    return octets[:_LARGEST].decode("utf-8", "replace")

"""`postwarden message show`: somebody's mail, with a reason."""

from base64 import b64encode
from typing import Annotated

import typer

from postwarden.cli import text
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import Invocation, command
from postwarden.dialects.native.shapes import messages as shapes
from postwarden.model.errors import Invalid, NotFound
from postwarden.services import showing
from postwarden.services.showing import Shown
from postwarden.wire.mime import ScannedMessage, decoded_part, scan

app = new_group("Look at what somebody wrote.")


@command(
    app,
    "show",
    examples=[
        'postwarden message show 3f79bb7b435b0532... --reason "ticket 4711"',
        'postwarden message show TRACE-ID --structure --reason "ticket 4711"',
        "postwarden message show 3f79bb7b435b0532... --part 2 --reason x > invoice.pdf",
    ],
)
async def show(
    run: Invocation,
    name: Annotated[str, typer.Argument(metavar="SHA256|TRACE-ID")],
    *,
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit log.")],
    headers: Annotated[
        bool, typer.Option("--headers", help="The header fields, as they are.")
    ] = False,
    raw: Annotated[bool, typer.Option("--raw", help="Every octet, as stored.")] = False,
    structure: Annotated[
        bool, typer.Option("--structure", help="Its parts: numbers, types, sizes.")
    ] = False,
    part: Annotated[
        str | None, typer.Option(metavar="N", help="One part, decoded.")
    ] = None,
) -> None:
    """Show a message; takes a permission and a reason, and is audited.

    Without an option its text is shown, below who wrote it to whom.
    """
    asked = [
        *(["headers"] if headers else []),
        *(["raw"] if raw else []),
        *(["structure"] if structure else []),
        *([f"part {part}"] if part is not None else []),
    ]
    if len(asked) > 1:
        raise Invalid(
            "give one of --headers, --raw, --structure, --part", field="message"
        )
    what = asked[0] if asked else "text"
    platform = run.platform
    shown = await showing.show(
        platform.store, platform.blobs, run.actor, name, part=what, reason=reason
    )
    if raw:
        return _octets(run, shown, shown.content)
    scanned = scan(shown.content)
    if headers:
        return _headers(run, shown, scanned)
    if structure:
        return _structure(run, scanned)
    if part is not None:
        return _part(run, shown, scanned, part)
    return _text(run, shown, scanned)


def _octets(run: Invocation, shown: Shown, content: bytes) -> None:
    if run.output.as_json:
        encoded = b64encode(content).decode()
        run.output.one({"sha256": shown.message.sha256.hex(), "base64": encoded})
    else:
        run.output.octets(content)


def _headers(run: Invocation, shown: Shown, scanned: ScannedMessage) -> None:
    block = scanned.header.decode("utf-8", "replace").replace("\r\n", "\n")
    if run.output.as_json:
        run.output.one({"sha256": shown.message.sha256.hex(), "headers": block})
    else:
        _lines(run, block.rstrip("\n"))


def _structure(run: Invocation, scanned: ScannedMessage) -> None:
    rows = run.output.rows("part", "content_type", "filename", "size", "sha256")
    rows.write(shapes.part(part) for part in scanned.parts)


def _part(run: Invocation, shown: Shown, scanned: ScannedMessage, number: str) -> None:
    for part in scanned.parts:
        if part.number == number:
            return _octets(run, shown, decoded_part(shown.content, part))
    raise NotFound("part", number)


def _text(run: Invocation, shown: Shown, scanned: ScannedMessage) -> None:
    if run.output.as_json:
        run.output.one(shapes.message(shown.message, scanned))
        return
    for name, value in (
        ("From", scanned.author),
        ("To", scanned.header_to),
        ("Cc", scanned.header_cc),
        ("Subject", scanned.subject),
    ):
        if value:
            _lines(run, f"{name}: {value}")
    _lines(run, f"\n{scanned.text}")


def _lines(run: Invocation, block: str) -> None:
    """Print lines with whatever a terminal could take for a command written out."""
    lines = [text.visible(line) for line in block.split("\n")]
    run.output.octets("".join(f"{line}\n" for line in lines).encode())

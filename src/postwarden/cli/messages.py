"""`postwarden message show`: somebody's mail, with a reason."""

from base64 import b64encode
from typing import Annotated

import typer

from postwarden.cli import text
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import Invocation, command
from postwarden.cli.output import Output
from postwarden.dialects.native.shapes import messages as shapes
from postwarden.model.errors import Invalid, NotFound
from postwarden.services import showing
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
    what = what_of(headers=headers, raw=raw, structure=structure, part=part)
    platform = run.platform
    shown = await showing.show(
        platform.store, platform.blobs, run.actor, name, part=what, reason=reason
    )
    message, content = shown.message, shown.content
    if raw:
        return tell_octets(run.output, message.sha256.hex(), content)
    scanned = scan(content)
    if headers:
        return tell_headers(run.output, shapes.headers(message, scanned))
    if structure:
        return tell_structure(run.output, shapes.structure(message, scanned))
    if part is not None:
        found = _part(content, scanned, part)
        return tell_octets(run.output, message.sha256.hex(), found)
    return tell_text(run.output, shapes.message(message, scanned))


def what_of(*, headers: bool, raw: bool, structure: bool, part: str | None) -> str:
    """Return how much of a message is asked for; raises Invalid for two at a time."""
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
    return asked[0] if asked else "text"


def tell_octets(output: Output, sha256: str, content: bytes) -> None:
    """Print octets of a message as they are, or as JSON can have them."""
    if output.as_json:
        output.one({"sha256": sha256, "base64": b64encode(content).decode()})
    else:
        output.octets(content)


def tell_headers(output: Output, shape: shapes.HeadersShape) -> None:
    """Print header fields."""
    if output.as_json:
        output.one(shape)
    else:
        _lines(output, shape["headers"].rstrip("\n"))


def tell_structure(output: Output, shape: shapes.StructureShape) -> None:
    """Print the parts of a message."""
    rows = output.rows("part", "content_type", "filename", "size", "sha256")
    rows.write(shape["parts"])


def tell_text(output: Output, shape: shapes.MessageShape) -> None:
    """Print the text of a message below who wrote it to whom."""
    if output.as_json:
        output.one(shape)
        return
    for name, value in (
        ("From", shape["author"]),
        ("To", shape["to"]),
        ("Cc", shape["cc"]),
        ("Subject", shape["subject"]),
    ):
        if value:
            _lines(output, f"{name}: {value}")
    _lines(output, f"\n{shape['text']}")


def _part(content: bytes, scanned: ScannedMessage, number: str) -> bytes:
    for part in scanned.parts:
        if part.number == number:
            return decoded_part(content, part)
    raise NotFound("part", number)


def _lines(output: Output, block: str) -> None:
    """Print lines with whatever a terminal could take for a command written out."""
    lines = [text.visible(line) for line in block.split("\n")]
    output.octets("".join(f"{line}\n" for line in lines).encode())

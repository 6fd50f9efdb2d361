"""The whole directory as a file, out and in."""

from collections.abc import AsyncGenerator
from io import BytesIO
from typing import Any, Literal

from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.native.answers import Raw, Written
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.encoding import encode
from postwarden.dialects.native.operations import Example, File, Operations
from postwarden.dialects.native.schemas.files import DirectoryImporting, DirectoryOrder
from postwarden.dialects.native.shapes import directory as shapes
from postwarden.model.errors import Invalid, MailError, Refused
from postwarden.model.permissions import Permission
from postwarden.services import accounts
from postwarden.services.directory import exporting, rehearsing
from postwarden.services.directory.files import Form, Mode, read, write
from postwarden.services.directory.importing import DirectoryImport, Tally
from postwarden.services.ports import Store
from postwarden.wire.directory import RowKind, UnreadableFile

directory_files = Operations("Directory files")

CSV, YAML = "text/csv", "application/yaml"
_FORMS = {CSV: Form.CSV, YAML: Form.YAML}
_PIECE = 64 * 1024  # characters sent at a time
MOST_REHEARSED = 20_000  # accounts that are copied for a rehearsal
MOST_CHANGES = 10_000  # of a rehearsal that are listed
MOST_ERRORS = 1000  # that are listed
_EXAMPLE = "kind,address,name\r\naccount,ada@example.org,Ada\r\n"


@directory_files.post(
    "/directory/export", Permission.DIRECTORY_READ, status=200, example=Example(body={})
)
async def export_directory(
    call: Call, body: DirectoryOrder
) -> Raw[Literal["text/csv", "application/yaml"]]:
    """Write every domain, account, alias, group, list and forward to a file.

    `password_hashes` takes `backup` too, and is written down in the audit log.
    """
    store, hashes = call.house.store, body.password_hashes
    await store.read(exporting.check, call.actor, hashes=hashes)  # before the status
    pieces = _pieces(store, call, body.format, hashes=hashes)
    kind = CSV if body.format is Form.CSV else YAML
    name = f'attachment; filename="directory.{body.format.value}"'
    return Raw(
        Answer(body=pieces, media_type=kind, headers={"content-disposition": name})
    )


async def _pieces(
    store: Store, call: Call, form: Form, *, hashes: bool
) -> AsyncGenerator[bytes, None]:
    held, size = [], 0
    async for line in write(store, call.actor, form, hashes=hashes):
        held.append(line)
        size += len(line)
        if size > _PIECE:
            yield "".join(held).encode()
            held, size = [], 0
    yield "".join(held).encode()


@directory_files.post(
    "/directory/import",
    Permission.DIRECTORY_READ,
    status=200,
    takes=(CSV, YAML),
    example=Example(file=_EXAMPLE),
)
async def import_directory(
    call: Call, query: DirectoryImporting, body: File
) -> Written[shapes.ImportShape]:
    """Create and change what a file says; with `mode=replace` also remove the rest.

    Rows that fail are told by their numbers and the others imported. What is as the
    file says is left alone, so a file that was cut off is simply sent again. Each row
    takes the permission for what it does.
    """
    if call.dry_run:
        return await _rehearse(call, query, body)
    told = _Told()

    async def run() -> Tally:
        return await _run(call, call.house.store, query, body, told)

    return await call.write_after(
        run,
        lambda _, tally: {
            "created": tally.created,
            "changed": tally.changed,
            "unchanged": tally.unchanged,
            "removed": tally.removed,
            "failed": tally.failed,
            "kept": tally.kept,
            "errors": told.errors,
            "tasks": [task.id for task in tally.vaulting],
        },
    )


async def _rehearse(
    call: Call, query: DirectoryImporting, body: File
) -> Written[shapes.ImportShape]:
    store, told = call.house.store, _Told()
    if await store.read(accounts.total, call.actor) > MOST_REHEARSED:
        raise Refused(
            f"more than {MOST_REHEARSED} accounts are rehearsed on the machine of the "
            "store: postwarden directory import --dry-run"
        )
    copy = call.house.scratch()
    await rehearsing.copy_directory(store, call.actor, copy)
    await _run(call, copy, query, body, told)
    changes = await rehearsing.written(copy)
    shape: dict[str, Any] = {
        "dry_run": True,
        "changes": changes[:MOST_CHANGES],
        "errors": told.errors,
        "left_out": max(0, len(changes) - MOST_CHANGES),
    }
    return Written(Answer(body=encode(shape)))


async def _run(
    call: Call, store: Store, query: DirectoryImporting, body: File, told: "_Told"
) -> Tally:
    stream, form = BytesIO(body.content), _FORMS[body.media_type]
    work = DirectoryImport(
        store,
        call.actor,
        lambda: read(stream, form),
        told,
        check_hash=call.house.passwords.check,
    )
    try:
        return await work.run(
            replace=query.mode is Mode.REPLACE, allow_empty=query.allow_empty
        )
    except UnreadableFile as error:
        raise Invalid(str(error), field="body") from error


class _Told:
    """Keeps what became of rows, for one answer."""

    def __init__(self) -> None:
        self.errors: list[shapes.RowErrorShape] = []

    def failed(self, error: MailError, *, row: int) -> None:
        self._add(error, row, str(error))

    def kept(self, error: MailError, kind: RowKind, name: str) -> None:
        self._add(error, 0, f"{kind.value} {name}: {error}")

    def done(self, rows: int) -> None:
        """Hear of progress, which nobody here waits for."""

    def _add(self, error: MailError, row: int, message: str) -> None:
        if len(self.errors) < MOST_ERRORS:
            self.errors.append({"row": row, "code": error.code, "message": message})

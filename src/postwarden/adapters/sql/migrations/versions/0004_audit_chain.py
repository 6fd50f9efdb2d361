"""The audit log chained by hash, each entry under the domain it belongs to."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CHUNK = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXTS = (
    *("actor", "on_behalf_of", "dialect", "client_ip", "request_id", "action"),
    *("object", "domain", "before", "after", "reason"),
)
_NULLABLE = {"on_behalf_of", "client_ip", "request_id", "domain", "before", "after"}


def upgrade() -> None:
    op.drop_index("audit_by_object", "audit")
    op.rename_table("audit", "unchained_audit")
    new = op.create_table(
        "audit",
        sa.Column("id", _ID, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=name in _NULLABLE) for name in _TEXTS),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _chain(new)
    op.drop_table("unchained_audit")
    op.create_index("audit_by_object", "audit", ["object"], unique=False)
    op.create_index("audit_by_actor", "audit", ["actor"], unique=False)
    op.create_index(
        "audit_by_domain",
        "audit",
        ["domain"],
        unique=False,
        sqlite_where=sa.text("domain IS NOT NULL"),
        postgresql_where=sa.text("domain IS NOT NULL"),
    )


def _chain(new: sa.Table) -> None:
    """Copy the entries in order of their ids, numbered without gaps."""
    connection = op.get_bind()
    names = ("id", "time", *(name for name in _TEXTS if name != "domain"))
    old = sa.table("unchained_audit", *(sa.column(name) for name in names))
    page = sa.select(old).order_by(old.c.id).limit(_CHUNK)
    last, number, previous = None, 0, None
    while rows := _rows(connection, page, old, last):
        values = []
        for row in rows:
            number += 1
            entry = _chained(row, number, previous)
            previous = entry["hash"]
            values.append(entry)
        connection.execute(new.insert(), values)
        last = rows[-1]["id"]


def _rows(
    connection: sa.Connection, page: sa.Select[Any], old: sa.TableClause, last: Any
) -> Sequence[sa.RowMapping]:
    behind = page if last is None else page.where(old.c.id > last)
    return connection.execute(behind).mappings().all()


def _chained(row: sa.RowMapping, number: int, previous: bytes | None) -> dict[str, Any]:
    before, after = _json(row["before"]), _json(row["after"])
    entry = {**row, "id": number, "domain": _domain(row["object"], before, after)}
    time = (_EPOCH + timedelta(microseconds=row["time"])).replace(tzinfo=None)
    hashed = {
        **entry,
        "time": time.isoformat() + "Z",
        "before": before,
        "after": after,
        "previous_hash": previous and previous.hex(),
    }
    form = json.dumps(hashed, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(form.encode("ascii")).digest()
    return {**entry, "previous_hash": previous, "hash": digest}


def _json(text: str | None) -> Any:
    return json.loads(text) if text else None


def _domain(name: str, before: Any, after: Any) -> str | None:
    kind, _, word = name.partition(" ")
    if kind == "domain-alias":
        return (after or before or {}).get("of")
    if kind in {"domain", "catch-all"}:
        return word or None
    if kind in {"account", "alias", "group", "list", "forward"}:
        return word.rpartition("@")[2] or None
    return None

"""Messages without copies, until their content is gone; what else needs one."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "messages",
        sa.Column("tombstone", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.drop_index("messages_by_sha256", "messages")
    op.create_index(
        "messages_by_sha256", "messages", ["sha256", "tombstone"], unique=True
    )
    for name, table, column in (
        ("message_references_by_message", "message_references", "message"),
        ("queue_by_message", "queue", "message"),
        ("plan_items_by_sha256", "plan_items", "sha256"),
    ):
        op.create_index(name, table, [column], unique=False)
    op.drop_index("copies_in_vault", "copies")
    for name, table, columns, where in (
        (
            "copies_overdue",
            "copies",
            ["expires_at"],
            "expires_at IS NOT NULL AND held > 0",
        ),
        (
            "copies_in_vault",
            "copies",
            ["account_id", "vaulted_at", "id"],
            "vaulted_at IS NOT NULL",
        ),
    ):
        _partial_index(name, table, columns, where)
    op.create_table(
        "disposals",
        sa.Column(
            "message",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("look_at", sa.BigInteger(), nullable=False),
        sa.Column("emptied", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message"),
    )
    for name, column, where in (
        ("disposals_due", "look_at", "emptied = 0"),
        ("disposals_emptied", "message", "emptied = 1"),
    ):
        _partial_index(name, "disposals", [column], where)


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=False,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )

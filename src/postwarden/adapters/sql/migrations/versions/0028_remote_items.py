"""Items of plans that lie on other systems."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, kind in (
        ("reference", sa.Text()),
        ("listed", sa.Text()),
        ("fingerprint", sa.LargeBinary()),
        ("acted_reference", sa.Text()),
        ("asked", sa.BigInteger()),
    ):
        op.add_column("plan_items", sa.Column(name, kind, nullable=True))
    op.create_index(
        "plan_items_by_reference",
        "plan_items",
        ["reference"],
        unique=False,
        sqlite_where=sa.text("reference IS NOT NULL"),
        postgresql_where=sa.text("reference IS NOT NULL"),
    )

"""Which plans have acted on a copy."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "plan_items_by_copy", "plan_items", ["copy", "plan_id"], unique=False
    )

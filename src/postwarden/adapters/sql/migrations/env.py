"""Alembic's entry: run migrations on the connection that `schema.upgrade` gives."""

from alembic import context

from postwarden.adapters.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

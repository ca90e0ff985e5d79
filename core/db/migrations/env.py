"""Runs migrations on the connection that `core.db.migrate` hands over."""

from __future__ import annotations

from alembic import context

# Tables are known once their modules are loaded.
import core.db.rating_tables
import core.db.tables  # noqa: F401
from core.db.table_base import Base

# Some databases cannot alter a table in place; batch mode copies it instead.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

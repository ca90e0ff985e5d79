"""Opens the workspace for a page."""

from __future__ import annotations

from core.config import Settings, get_settings
from core.db.database import Database, open_database
from core.jobs.queue import tend_jobs

__all__ = ["open_workspace"]


def open_workspace() -> tuple[Settings, Database]:
    """Open the database and make a round of the queue, so that what a page shows is as it is.

    Raises:
        DatabaseError: if the database does not answer; the frame shows its sentence.
    """
    settings = get_settings()
    database = open_database(settings)
    for root in settings.data_roots:
        if root.path.parent == settings.home:
            # The default root, for images to be put into.
            root.path.mkdir(exist_ok=True)
    tend_jobs(database, settings)
    return settings, database

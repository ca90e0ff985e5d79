"""Where studies, audits and jobs are kept: SQLite in the workspace, or PostgreSQL."""

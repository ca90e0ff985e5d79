"""The dashboard's pages, nested by group, and what they share."""

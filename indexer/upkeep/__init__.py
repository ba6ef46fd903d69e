"""Keeping a library sound: locks, checks, backups, problems."""

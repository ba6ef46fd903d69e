"""Opening a library for writing, and keeping it sound: checks, backups and problems."""

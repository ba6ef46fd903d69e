"""The errors of the write side: folders, patterns, backups and training."""

from __future__ import annotations

from retrieval import RetrievalError


class SourceUnreachable(RetrievalError):
    """A folder to be indexed cannot be read; none of its files is marked missing because of that."""

    code = "source-unreachable"

    def __init__(self, folder: str, reason: object) -> None:
        super().__init__(
            f"{folder}: cannot be read ({reason}); nothing was changed, run again when it is back"
        )


class InvalidPattern(RetrievalError):
    """A pattern of --include or --exclude cannot be used."""

    code = "invalid-pattern"

    def __init__(self, pattern: str, reason: str) -> None:
        super().__init__(
            f"{pattern!r}: not a usable pattern ({reason}); write one like *.png, drafts/ or 2024/**/raw"
        )


class BackupImpossible(RetrievalError):
    """A backup of this library cannot be made, or it cannot be restored at this path."""

    code = "backup-impossible"


class TrainingImpossible(RetrievalError):
    """A training cannot begin or continue with its settings and data."""

    code = "training-impossible"

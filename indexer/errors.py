"""What can go wrong on the way from a folder to the library."""

from __future__ import annotations

from retrieval import RetrievalError


class SourceUnreachable(RetrievalError):
    """A folder that was asked for cannot be read; nothing is taken to be missing because of it."""

    code = "source-unreachable"

    def __init__(self, place: str, reason: object) -> None:
        super().__init__(
            f"{place}: cannot be read ({reason}); nothing was changed, run again when it is back"
        )


class InvalidPattern(RetrievalError):
    """A pattern of --include or --exclude cannot be used."""

    code = "invalid-pattern"

    def __init__(self, pattern: str, reason: str) -> None:
        super().__init__(
            f"{pattern!r}: no usable pattern ({reason}); write one like *.png, drafts/ or 2024/**/raw"
        )


class BackupImpossible(RetrievalError):
    """A backup cannot be made of this library, or cannot be restored there."""

    code = "backup-impossible"


class TrainingImpossible(RetrievalError):
    """A training cannot begin or go on with what it was given."""

    code = "training-impossible"

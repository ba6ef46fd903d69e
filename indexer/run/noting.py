"""A run notes how far it is for other processes, and stops when one of them asks for it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retrieval import RunNote, RunProgress

from .report import Event, OnEvent, Progress, Publishing, Started


@contextmanager
def note_progress(library: Path, on_event: OnEvent) -> Iterator[OnEvent]:
    """What to call with every event of a run: it calls `on_event`, and notes what others may know.

    A run that was asked to stop gets the signal that Ctrl-C gives it, so that it ends in the same way.
    """
    with RunNote(library) as note:

        def on_noted_event(event: Event) -> None:
            if progress := _progress_to_note(event):
                note.write(progress)
            on_event(event)
            if isinstance(event, Progress) and note.is_asked_to_stop():
                signal.raise_signal(_stop_signal())

        yield on_noted_event


def _progress_to_note(event: Event) -> RunProgress | None:
    if isinstance(event, Started):
        return RunProgress("looking")
    if isinstance(event, Publishing):
        return RunProgress("publishing")
    if isinstance(event, Progress):
        return RunProgress(
            "reading", event.done, event.total, event.problems, event.folder, event.seconds_left
        )
    return None


def _stop_signal() -> signal.Signals:
    """SIGINT; SIGTERM for a process that was told to ignore Ctrl-C, as those in the background are."""
    return signal.SIGTERM if signal.getsignal(signal.SIGINT) == signal.SIG_IGN else signal.SIGINT

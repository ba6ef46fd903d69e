"""Every answer has a deadline, and the time of its stages is measured."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from flask import Flask, current_app

from retrieval import Watch, current_watch, watching

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

DEADLINE: Final = "pictor.deadline"  # of a request, in its environment, by time.monotonic


NoteStage: TypeAlias = Callable[[str, float], None]  # seconds
_KEY: Final = "stages"


def limit_answers(app: Flask, seconds: float, note_stage: NoteStage) -> None:
    """Stop the work for each answer at the deadline of its request, by default after so many seconds.

    What is sent piece by piece, such as an export, has begun by then, and goes on; see `keep_watching`.
    """
    answer = app.wsgi_app
    app.extensions[_KEY] = note_stage

    def answer_in_time(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[Any]:
        deadline = environ.get(DEADLINE, time.monotonic() + seconds)
        with watching(Watch(deadline)) as watch:
            answered = answer(environ, start_response)
        _note_stages(watch, note_stage)
        return answered

    app.wsgi_app = answer_in_time  # type: ignore[method-assign]


def keep_watching() -> AbstractContextManager[None]:
    """Called while an answer begins: what watches the rest of its work, until the same deadline."""
    watch = current_watch()
    deadline = math.inf if watch is None else watch.deadline
    return _watch_rest(deadline, current_app.extensions[_KEY])


@contextmanager
def _watch_rest(deadline: float, note_stage: NoteStage) -> Iterator[None]:
    with watching(Watch(deadline)) as watch:
        yield
    _note_stages(watch, note_stage)


def _note_stages(watch: Watch, note_stage: NoteStage) -> None:
    for name, taken in watch.seconds.items():
        note_stage(name, taken)

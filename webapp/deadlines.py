"""Every answer has a deadline, and the time of its stages is measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from flask import Flask

from retrieval import Watch, watching

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

DEADLINE: Final = "pictor.deadline"  # of a request, in its environment, by time.monotonic


def limit_answers(app: Flask, seconds: float, note_stage: Callable[[str, float], None]) -> None:
    """Stop the work for each answer at the deadline of its request, by default after so many seconds.

    What is sent piece by piece, such as an export, has begun by then, and goes on.
    """
    answer = app.wsgi_app

    def answer_in_time(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[Any]:
        deadline = environ.get(DEADLINE, time.monotonic() + seconds)
        with watching(Watch(deadline)) as watch:
            answered = answer(environ, start_response)
        for name, taken in watch.seconds.items():
            note_stage(name, taken)
        return answered

    app.wsgi_app = answer_in_time  # type: ignore[method-assign]

"""Batches: what many searches of one state of a library ask, asked at once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from ..errors import RetrievalError
from .flow import Search
from .questions import Question, answer_together


def ask_together(searches: Iterable[Search]) -> None:
    """Have the first questions of these searches answered together; each search goes on from there.

    The questions of one that cannot be answered are left out: it raises its error when it is asked for its
    answer.
    """
    asking = [(search, _list_questions(search)) for search in searches]
    answers = iter(answer_together([question for _, questions in asking for question in questions]))
    for search, questions in asking:
        search.take_answers(list(islice(answers, len(questions))))


def _list_questions(search: Search) -> list[Question]:
    try:
        return search.first_questions if search.is_wanting else []
    except (RetrievalError, OSError):
        return []

"""The shapes of answers: what a client may rely on when it reads them."""

from __future__ import annotations

import inspect

import pytest
from pydantic import ValidationError

from retrieval import Library, answers, parse_query
from retrieval.answers import models

SHAPES = [
    shape
    for _, shape in inspect.getmembers(models, inspect.isclass)
    if issubclass(shape, answers.StrictModel) and shape.__module__ == models.__name__
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_key_of_an_answer_is_always_there(shape: type[answers.StrictModel]) -> None:
    assert len(SHAPES) > 15
    assert [name for name, field in shape.model_fields.items() if not field.is_required()] == []


def test_an_answer_can_be_read_back_with_and_without_a_server(library: Library) -> None:
    query = parse_query("quiet image:7 colour:navy@3,white -tag:day3 weaker:yes", limit=3)
    addresses = answers.PictureAddresses("/t/{}".format, "/p/{}".format)
    for server in (answers.NO_SERVER, addresses):
        answer = answers.present_results(library.search(query), query, server)
        assert answer.hits
        assert answers.Results.model_validate(answers.json_values(answer)) == answer
    assert answer.hits[0].thumbnail == f"/t/{answer.hits[0].id}"


def test_a_shape_refuses_unknown_keys_and_changes() -> None:
    swatch = answers.Swatch(colour="#ff0000")
    with pytest.raises(ValidationError):
        answers.Swatch.model_validate({"colour": "#ff0000", "shade": 1})
    with pytest.raises(ValidationError):
        swatch.share = 2.0  # type: ignore[misc]

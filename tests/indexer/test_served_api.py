"""Cases that are generated from the OpenAPI document, against `pictor serve`: none may be a fault of the server.

Half of the cases fit the document, the others break it somewhere. PICTOR_API_CASES sets how many there are
(200 otherwise), PICTOR_API_LIBRARY another library than the twelve scenes.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable

from tests.indexer.test_serving import LONGEST, run_until_announced

requests = pytest.importorskip("requests", reason="schemathesis is not installed")
schemathesis = pytest.importorskip("schemathesis", reason="it is not installed")

CASES = int(os.environ.get("PICTOR_API_CASES", "200"))
AT_ONCE = 5  # cases of an operation and a mode that are drawn with one seed
IDS = 14  # ids of images are taken modulo this number, so that most of them are in the library
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
CHECKS = [  # what must hold for every answer
    getattr(schemathesis.checks, name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
    )
]
EVERYTHING = settings(
    max_examples=AT_ONCE,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def address(library_path: Path, tmp_path: Path) -> Iterator[str]:
    """Of a server onto a copy, since some of the cases save searches and remove concepts."""
    copied = shutil.copytree(library_path, tmp_path / "library")
    library = os.environ.get("PICTOR_API_LIBRARY") or copied
    with run_until_announced("serve", "--library", library) as (_, found):
        yield found


def test_no_request_that_the_document_suggests_is_a_fault_of_the_server(
    address: str, record_property: Callable[[str, object], None]
) -> None:
    document = schemathesis.openapi.from_url(f"{address}api/v1/openapi.json", timeout=LONGEST)
    operations = [result.ok() for result in document.get_all_operations()]
    answers: Counter[int] = Counter()
    with requests.Session() as session:
        for number in count():
            for operation in operations:
                for mode in MODES:
                    send_cases(operation, mode, number, session, answers)
            if answers.total() >= CASES:
                break
    record_property("answers", dict(sorted(answers.items())))
    assert len(operations) == 55
    assert not [status for status in answers if status >= 500]
    assert min(answers[200], answers[400]) > CASES // 20, "both kinds must be there"


def send_cases(operation, mode, number, session, answers) -> None:  # type: ignore[no-untyped-def]
    """Send some cases of one operation, drawn with a seed of their own, and check and count the answers."""

    @seed(number)
    @EVERYTHING
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case) -> None:  # type: ignore[no-untyped-def]
        if isinstance(image_id := case.path_parameters.get("image_id"), int):
            case.path_parameters["image_id"] = image_id % IDS
        answer = case.call(session=session, timeout=LONGEST)
        answers[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    with suppress(Unsatisfiable):  # an operation without parameters cannot be asked wrongly
        send()

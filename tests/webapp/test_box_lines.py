"""What of a line stands in the box, and what is sent beside it."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from tests.webapp.conftest import make_browser


def _read_form(html: str) -> tuple[str, str]:
    """The line in the box, and what the form sends beside it."""
    box = re.search(r'<input id="q"[^>]* value="([^"]*)"', html)
    beside = re.search(r'name="also" value="([^"]*)"', html)
    assert box
    return box[1], beside[1] if beside else ""


@pytest.mark.parametrize(
    ("line", "shown", "beside"),
    [
        ("harbour", "harbour", ""),
        ("harbour among:1,3 weight.meaning:0", "harbour", "among:1,3 weight.meaning:0"),
        ("among:1..4", "", "among:1..4"),
        ("-among:2 dog", "dog", "-among:2"),
        # Taken out, these would say something else.
        ("dog OR among:1..4", "dog OR among:1..4", ""),
        ("NOT (dog among:1..4)", "NOT (dog among:1..4)", ""),
        ("'weight.meaning:0 dog", "'weight.meaning:0 dog", ""),
    ],
)
def test_long_terms_have_chips_alone(client: FlaskClient, line: str, shown: str, beside: str) -> None:
    html = client.get("/", query_string={"q": line}).text.replace("&#39;", "'")
    assert _read_form(html) == (shown, beside)


def test_the_form_means_the_whole_line(client: FlaskClient, parse_page) -> None:  # type: ignore[no-untyped-def]
    whole = client.get("/?q=harbour+among:1..6+weight.meaning:0").text
    sent = client.get("/?q=harbour&also=among:1..6+weight.meaning:0").text
    assert parse_page(sent).ids == parse_page(whole).ids != []
    assert "6 picked pictures" in sent
    assert _read_form(sent) == _read_form(whole)
    other = client.get("/?q=dog&also=among:1..6+weight.meaning:0").text
    assert set(parse_page(other).ids) <= set(range(1, 7))


def test_a_refused_line_is_shown_whole(client: FlaskClient) -> None:
    answer = make_browser(client.application).get("/?q=tag:&also=among:1..6")
    assert answer.status_code == 400
    assert _read_form(answer.text) == ("tag: among:1..6", "")

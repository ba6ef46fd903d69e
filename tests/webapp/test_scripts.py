"""The scripts of every page as one file: none is forgotten, and a browser that has it gets it once."""

from __future__ import annotations

import re
from pathlib import Path

from flask.testing import FlaskClient

from webapp import scripts

WEBAPP = Path(scripts.__file__).parent


def test_every_script_is_on_every_page_or_named_by_one() -> None:
    templates = "".join(path.read_text("utf-8") for path in (WEBAPP / "templates").glob("*.html"))
    named = re.findall(r"filename='([\w-]+)\.js'", templates)
    assert sorted([*scripts.NAMES, *named]) == sorted(path.stem for path in scripts.STATIC.glob("*.js"))


def test_all_are_sent_in_their_order_and_once(client: FlaskClient) -> None:
    answer = client.get("/static/pictor.js")
    assert answer.mimetype == "text/javascript"
    starts = [answer.text.index((scripts.STATIC / f"{name}.js").read_text("utf-8")) for name in scripts.NAMES]
    assert starts == sorted(starts)
    again = client.get("/static/pictor.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")

"""The examples of the documents run, on a server and with one line changed on a library of this machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from retrieval import Library
from tests.drawing import write_scenes

ROOT = Path(__file__).resolve().parents[3]
SERVER = "http://127.0.0.1:8754"


def find_example(document: str) -> str:
    """The example with a client in a document."""
    text = (ROOT / document).read_text("utf-8")
    [example] = [
        code for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if f'Client("{SERVER}"' in code
    ]
    return example


@pytest.mark.parametrize("document", ["README.md", "docs/reference.md"])
def test_an_example_says_the_same_of_both(
    document: str,
    address: str,
    embedded: Library,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_scenes(tmp_path, 1)[0].rename(tmp_path / "beach.jpg")
    monkeypatch.chdir(tmp_path)
    remote = find_example(document).replace(SERVER, address)
    local, changed = re.subn(r"Client\(\"[^)]*\)", f"Library.open({str(embedded.path)!r})", remote)
    assert changed == 1
    said = []
    for code in (remote, f"from retrieval import Library\n{local}"):
        exec(compile(code, document, "exec"), {})
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] != ""

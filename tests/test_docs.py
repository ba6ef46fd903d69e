"""Documents and code agree: commands, settings, errors, routes, and the examples that can be run."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from indexer.cli import COMMANDS, cli
from indexer.errors import SourceUnreachable
from retrieval import (
    SETTINGS,
    Circle,
    Filters,
    Library,
    Options,
    RetrievalError,
    Settings,
    UnreadableImage,
    format_query,
    parse_query,
    query_from_json,
)
from webapp import create_app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
QUERY = (ROOT / "docs" / "query.md").read_text("utf-8")


def error_classes(error: type[RetrievalError]) -> set[type[RetrievalError]]:
    return {error}.union(*(error_classes(subclass) for subclass in error.__subclasses__()))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples_and_is_in_the_readme(name: str) -> None:
    answer = CliRunner().invoke(cli, [name, "--help"])
    assert answer.exit_code == 0
    assert f"pictor {name}" in answer.output.partition("Examples:")[2]
    assert re.search(rf"`(pictor )?{name}\b|pictor {name}\b", README), f"{name} is not in the README"


def show_value(value: object) -> str:
    """A value as it is written in a settings file; a text without its quotation marks."""
    if isinstance(value, tuple):
        return json.dumps(value)
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


def test_every_setting_is_documented_with_its_default_and_its_help() -> None:
    for name, setting in SETTINGS.items():
        default = getattr(Settings(), name)
        shown = show_value(default)
        row = next((line for line in REFERENCE.splitlines() if line.startswith(f"| `{name}` |")), "")
        assert [cell.strip() for cell in row.strip("|").split("|")] == [
            f"`{name}`",
            shown,
            setting.metadata["help"],
        ]


@pytest.mark.parametrize("document", ["faults.md", "reliability.md"])
def test_every_test_that_is_named_is_there(document: str) -> None:
    text = (ROOT / "docs" / document).read_text("utf-8")
    for path, name in re.findall(r"`(?:tests/)?([\w/]+\.py)(?:::(\w+))?`", text):
        source = (ROOT / "tests" / path).read_text("utf-8")
        assert not name or f"def {name}(" in source, f"{path} has no {name}"


def test_every_error_is_documented() -> None:
    assert SourceUnreachable in error_classes(RetrievalError)
    shown = error_classes(RetrievalError) - error_classes(UnreadableImage) - {RetrievalError}
    assert [error.code for error in shown if f"| `{error.code}` |" not in REFERENCE] == []


def test_every_code_of_an_unreadable_picture_is_documented() -> None:
    code = "\n".join(path.read_text("utf-8") for path in [
        *(ROOT / "retrieval").rglob("*.py"), *(ROOT / "indexer").rglob("*.py")])  # fmt: skip
    codes = set(re.findall(r'"((?:[a-z]+-)+[a-z]+|truncated|broken|vanished|unreadable)"', code))
    codes &= set(re.findall(r'[("]((?:[a-z]+-)*[a-z]+)", f?"', code)) | {"truncated", "broken", "vanished"}
    assert len(codes) > 10
    codes -= {"bicubic", "utf-8", "faiss-gpu", "in-concept"}  # these are no codes
    undocumented = {code for code in codes if f"`{code}`" not in REFERENCE}
    assert undocumented == set()


def test_every_route_is_documented(library: Library) -> None:
    routes = [rule for rule in create_app(library).url_map.iter_rules() if rule.rule.startswith("/api/v1")]
    assert len(routes) >= 5
    for rule in routes:
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).replace("{image_id}", "{id}")
        assert path in REFERENCE, path


def test_the_query_examples_of_the_documents_parse() -> None:
    rows = (REFERENCE.partition("## The query language")[2].partition("##")[0] + QUERY).splitlines()
    examples = [
        example
        for row in rows
        if row.startswith("| `")
        for example in re.findall(r"`([^`]+)`", row.split("|")[1])
    ]
    assert len(examples) > 10
    for example in examples:
        assert parse_query(example if not example.startswith("-") else f"boat {example}")


def test_the_query_in_json_of_the_reference_is_one() -> None:
    [example] = re.findall(r"```json\n(\{\"parts.*?)```", REFERENCE, re.DOTALL)
    query = query_from_json(json.loads(example))
    assert parse_query(format_query(query)) == query
    for value in (Filters, Options):
        assert [field.name for field in fields(value) if not is_documented(field.name)] == []


def test_the_tree_of_the_query_page_is_the_same_in_all_forms() -> None:
    section = QUERY.partition("## The same in JSON and Python")[2]
    line, value, code = (
        re.search(pattern, section, re.DOTALL)[1]  # type: ignore[index]
        for pattern in (r"`([^`]+)` is", r"```json\n(.*?)```", r"import [^\n]+\n\n(.*?)```")
    )
    tree = parse_query(line).filters
    assert query_from_json({"filters": json.loads(value)}).filters == tree
    assert eval(code, {"Filters": Filters, "Circle": Circle}) == tree


def is_documented(field: str) -> bool:
    """Whether the reference names a field of the query in JSON, or the word that it is derived from."""
    parts = (field.removeprefix("without_"), re.sub("^(min|max)_", "", field), field.replace("_", "-"))
    return any(f"`{name}`" in REFERENCE or f"`{name}:" in REFERENCE for name in (field, *parts))


def test_the_ci_runs_the_command_that_the_readme_gives() -> None:
    pattern = re.search(r"grep -- '([^']+)' README.md", (ROOT / ".ci" / "run").read_text("utf-8"))
    assert pattern
    found = subprocess.run(["grep", "--", pattern[1], "README.md"], cwd=ROOT, capture_output=True, text=True)
    assert len(found.stdout.splitlines()) == 1


def test_documents_link_only_to_what_is_there() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"

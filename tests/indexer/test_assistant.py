"""The library as tools of an assistant: scripted tasks, through the protocol, in this process and over stdio."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import anyio
import pytest
from PIL import Image as PillowImage

from retrieval import Library
from tests.indexer.command import ROOT

mcp = pytest.importorskip("mcp", reason="pictor[mcp] is not installed")

Answer = dict[str, Any]


def run_tasks(library: Library, *tasks: tuple[str, Answer]) -> list[Any]:
    """The answers of tools in one session, in the order of the calls."""
    from indexer.assistant import create_assistant

    async def ask() -> list[Any]:
        async with mcp.Client(create_assistant(library)) as client:
            return [await client.call_tool(name, arguments) for name, arguments in tasks]

    return anyio.run(ask)


def ask_tool(library: Library, name: str, **arguments: Any) -> Any:
    [answer] = run_tasks(library, (name, arguments))
    assert not answer.is_error, answer.content
    return answer.structured_content


def names_of(found: Answer) -> set[str]:
    return {Path(hit["path"]).name for hit in found["hits"]}


TASKS: dict[str, tuple[str, Answer, Callable[[Any], bool]]] = {
    "how many pictures are there": ("read_library_status", {}, lambda found: found["images"] == 12),
    "are the indexes sound": ("read_library_status", {}, lambda found: found["damages"] == []),
    "find the harbours": ("search_pictures", {"query": "harbour"}, lambda found: found["total"] == 4),
    "only two of them": (
        "search_pictures",
        {"query": "harbour", "limit": 2},
        lambda found: len(found["hits"]) == 2 and bool(found["cursor"]),
    ),
    "all but the harbours": ("search_pictures", {"query": "-harbour"}, lambda found: found["total"] == 8),
    "those in one folder": (
        "search_pictures",
        {"query": "folder:market"},
        lambda found: all("/market/" in hit["path"] for hit in found["hits"]) and found["total"] > 0,
    ),
    "either of two": (
        "search_pictures",
        {"query": "tag:day1 OR tag:day2"},
        lambda found: found["total"] > 0,
    ),
    "the like of one": (
        "search_pictures",
        {"query": "image:3 weaker:yes"},
        lambda found: found["total"] > 0 and all(hit["id"] != 3 for hit in found["hits"]),
    ),
    "what is not described": (
        "search_pictures",
        {"query": "missing:caption"},
        lambda found: found["total"] >= 0,
    ),
    "everything": ("search_pictures", {}, lambda found: found["total"] == 12),
    "a typo": (
        "search_pictures",
        {"query": "harbuor"},
        lambda found: "harbour" in json.dumps(found["did_you_mean"]),
    ),
    "what is empty says why": (
        "search_pictures",
        {"query": "harbour tag:nowhere"},
        lambda found: found["total"] == 0 and len(found["remainders"]) > 0,
    ),
    "all about one": ("describe_picture", {"image_id": 2}, lambda found: found["id"] == 2 and found["path"]),
    "why it was found": (
        "explain_hit",
        {"image_id": 1, "query": "image:2 weaker:yes"},
        lambda found: found["hit"]["id"] == 1 and len(found["hit"]["contributions"]) > 0,
    ),
    "which tags there are": (
        "count_values",
        {},
        lambda found: {"day1", "day2"} <= {value["value"] for value in found["tag"]},
    ),
    "which tags harbours have": (
        "count_values",
        {"query": "harbour"},
        lambda found: 0 < sum(value["count"] for value in found["tag"]) <= 4 * 12,
    ),
    "how a word goes on": (
        "complete_query",
        {"beginning": "har"},
        lambda found: "harbour" in json.dumps(found),
    ),
    "which tags one may miss": ("suggest_tags", {"image_id": 2}, lambda found: "suggestions" in found),
    "what is saved": ("list_saved_searches", {}, lambda found: found["searches"] == []),
    "by name, from the end": (
        "search_pictures",
        {"query": "sort:name-down"},
        lambda found: found["hits"][0]["path"].endswith("scene-011.jpg"),
    ),
}


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_done_with_the_tools(library: Library, task: str) -> None:
    name, arguments, is_right = TASKS[task]
    found = ask_tool(library, name, **arguments)
    assert is_right(found), found


def test_a_picture_can_be_looked_at(library: Library) -> None:
    [answer] = run_tasks(library, ("show_picture", {"image_id": 2}))
    [content] = answer.content
    assert (content.type, content.mime_type) == ("image", "image/webp")
    import base64

    with PillowImage.open(BytesIO(base64.b64decode(content.data))) as shown:
        assert min(shown.size) > 50


def test_every_tool_says_that_it_only_reads(library: Library) -> None:
    from indexer.assistant import create_assistant

    async def list_tools() -> list[Any]:
        async with mcp.Client(create_assistant(library)) as client:
            return list((await client.list_tools()).tools)

    tools = anyio.run(list_tools)
    assert {tool.name for tool in tools} >= {name for name, _, _ in TASKS.values()}
    assert all(tool.annotations.read_only_hint and tool.description for tool in tools)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("describe_picture", {"image_id": 999}, "image 999"),
        ("search_pictures", {"query": "tga:boat"}, "did you mean tag:?"),
        ("search_pictures", {"query": "file:/etc/passwd"}, "file: is not allowed here"),
        ("search_pictures", {"query": "url:http://localhost/x.jpg"}, "url: is not allowed here"),
        ("search_pictures", {"query": "boat", "limit": 1000}, "limit"),
    ],
)
def test_a_mistake_is_told_in_words(library: Library, name: str, arguments: Answer, told: str) -> None:
    [answer] = run_tasks(library, (name, arguments))
    assert answer.is_error
    assert told in answer.content[0].text


def test_the_command_speaks_over_stdio(library_path: Path) -> None:
    from mcp.client.stdio import StdioServerParameters

    words = ["-m", "indexer.cli", "mcp", "--library", str(library_path)]
    server = StdioServerParameters(command=sys.executable, args=words, cwd=str(ROOT))

    async def ask() -> Any:
        async with mcp.Client(mcp.stdio_client(server)) as client:
            return await client.call_tool("search_pictures", {"query": "harbour"})

    assert anyio.run(ask).structured_content["total"] == 4

"""A library as tools of an assistant, by the Model Context Protocol. The only home of mcp.

Every tool only reads. Answers have the shapes of the API; pictures come as their small renditions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from importlib.metadata import version
from typing import Annotated, Any, Final, ParamSpec, TypeAlias, TypeVar

from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

from retrieval import Library, Query, RetrievalError, answers, read_status, resolve_references

MOST_HITS: Final = 50
MOST_VALUES: Final = 30
READS: Final = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
INSTRUCTIONS: Final = """\
Pictor finds pictures in one library. A query is words or a plain sentence, and may have conditions: tag:boat,
label:dog, shows:animal, folder:"2019/summer", taken:2019..2021, person:"Ann Lee", place:Hanoi, rating:>=4,
missing:caption; colour:navy and image:17 find what looks so; -night excludes, OR, NOT and parentheses work.
A band tells how surely a hit is right: strong, likely, weak, or chance; “looks like” means that nobody wrote
the words about the picture. Names of predicted labels are guesses with a confidence. Look at a picture before
you say what it shows.
"""

Line = Annotated[str, Field(description="A query: words, a sentence, conditions; empty for every image")]
ImageId = Annotated[int, Field(ge=1, le=answers.MAX_ID, description="Id of an image, as hits have it")]
Json: TypeAlias = dict[
    str, Any
]  # as the API describes it; a schema for each tool would be most of what is said
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def create_assistant(library: Library) -> MCPServer:
    """The tools of one library, to be served over stdio or HTTP."""
    server = MCPServer("pictor", version=version("pictor"), instructions=INSTRUCTIONS, log_level="WARNING")
    tools = LibraryTools(library)
    for tool in (
        tools.search_pictures,
        tools.show_picture,
        tools.describe_picture,
        tools.explain_hit,
        tools.count_values,
        tools.complete_query,
        tools.suggest_tags,
        tools.list_saved_searches,
        tools.read_library_status,
    ):
        server.tool(annotations=READS)(_tell_errors(tool))
    return server


def _tell_errors(tool: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """The same tool, whose known errors are told to the assistant in their own words."""

    @wraps(tool)
    def call(*arguments: Arguments.args, **named: Arguments.kwargs) -> Answer:
        try:
            return tool(*arguments, **named)
        except RetrievalError as error:
            raise ToolError(f"{error.code}: {error}") from error

    return call


class LibraryTools:
    """What an assistant may ask of a library. The docstrings are what it is told about each tool."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def search_pictures(
        self,
        query: Line = "",
        limit: Annotated[int, Field(ge=1, le=MOST_HITS)] = 10,
        cursor: Annotated[str, Field(description="That of the page before")] = "",
    ) -> Json:
        """Find pictures, the best first, with what was understood of the query and how many there are.

        An answer with more hits has a `cursor`, which asks for the next ones with the same query.
        """
        asked = replace(self._read_query(query, limit=limit), cursor=cursor or None)
        results = self._library.search(asked, with_cursor=True)
        return _to_json(answers.present_results(results, asked, write_line=self._library.write_line))

    def show_picture(self, image_id: ImageId) -> Image:
        """The picture itself, small, to look at."""
        return Image(data=self._library.load_thumbnail(image_id), format="webp")

    def describe_picture(self, image_id: ImageId) -> Json:
        """All that is known about one picture: words, labels, time, place, camera, files, and who said so."""
        return _to_json(answers.present_image(self._library.load_image(image_id)))

    def explain_hit(self, image_id: ImageId, query: Line) -> Json:
        """Why a picture is in the answer to a query: signals, words where they stand, areas, points."""
        return _to_json(answers.present_explanation(self._library.explain(self._read_query(query), image_id)))

    def count_values(self, query: Line = "") -> Json:
        """How many of the pictures that a query finds have which tags, labels, years, people, places …"""
        facets = answers.present_facets(self._library.count_facets(self._read_query(query)))
        return {
            name: [value.model_dump() for value in facet.values[:MOST_VALUES]]
            for name, facet in facets.root.items()
        }

    def complete_query(
        self, beginning: Annotated[str, Field(description="A query whose last word is unfinished")]
    ) -> Json:
        """How a query may go on: words and values that the library really has, with their numbers."""
        found = self._library.complete_line(beginning, limit=MOST_VALUES)
        return {"completions": answers.json_values(answers.present_completions(found))}

    def suggest_tags(self, image_id: ImageId) -> Json:
        """Tags and labels that may be missing, of neighbours or predicted, and those that were rejected."""
        suggested = self._library.suggest_values(image_id)
        said = self._library.load_statements(image_id)
        return _to_json(answers.present_suggestions(suggested, said))

    def list_saved_searches(self) -> Json:
        """The searches that are kept by name, and how many hits of each are new since the last look."""
        searches = [answers.present_saved_search(news) for news in self._library.count_news()]
        return _to_json(answers.SavedSearches(searches=searches))

    def read_library_status(self) -> Json:
        """What the library holds, and whether its indexes can be trusted."""
        return _to_json(answers.present_status(read_status(self._library), self._library.signal_names))

    def _read_query(self, line: str, *, limit: int = 10) -> Query:
        """The query of a line, which may name stored pictures alone, and none of files or of the web."""
        return resolve_references(self._library.read_line(line, limit=limit), {})


def _to_json(model: BaseModel) -> Json:
    values: Json = answers.json_values(model)
    return values

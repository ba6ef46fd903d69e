"""What tiles show beside the facts of their images: a colour until they are loaded, and stacks of copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from retrieval import Library, Results


@dataclass(frozen=True, slots=True)
class TileLooks:
    """By image: its mean colour, the hits of the page that lie below it, and the hit that it lies below."""

    colours: Mapping[int, str]
    stacks: Mapping[int, tuple[int, ...]]
    below: Mapping[int, int]


def find_looks(library: Library, results: Results) -> TileLooks:
    """For the hits of a page; nothing is stacked where the query groups images itself."""
    ids = [hit.image.id for hit in results.hits]
    is_grouped = any(hit.group for hit in results.hits)
    stacks = {} if is_grouped else library.stack_images(ids)
    below = {member: best for best, members in stacks.items() for member in members}
    return TileLooks(library.load_colours(ids), stacks, below)

"""How the last term of a line that somebody is typing may go on: words, keys, and the library's own
values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, TypeAlias

from ..catalog.folding import fold_text
from ..catalog.reader import Reader
from ..languages import load_local_names
from ..query.conditions import MISSABLE, ORIENTATIONS
from ..query.keys import KEYS
from ..query.language import PART_KEYS
from ..query.part_terms import COLOUR_NAMES
from ..query.unfinished import Completion, Unfinished, split_unfinished
from ..query.values import EXPANSIONS, FUSIONS, GROUPINGS, RERANKINGS
from ..ranking.spelling import Vocabulary

MOST_COMPLETIONS: Final = 50
MOST_KEYS: Final = 3  # beside words
MOST_NAMES: Final = 3  # of predicted labels, and of saved searches, beside words
_SAVED_KEYS: Final = frozenset({"saved", "concept", "in-concept", "recipe"})

Counted: TypeAlias = Iterable[tuple[str, int | None]]

_FIELDS: Final = {"tag": "tag", "label": "label", "camera": "camera", "lens": "lens", "creator": "creator"}
_CHOICES: Final = {
    "orientation": ORIENTATIONS,
    "missing": MISSABLE,
    "fusion": FUSIONS,
    "expand": EXPANSIONS,
    "rerank": RERANKINGS,
    "group": GROUPINGS,
    "colour": tuple(COLOUR_NAMES),
    **dict.fromkeys(
        ("captioned", "problem", "narrow", "neighbours", "weaker", "include-examples"), ("yes", "no")
    ),
}
_YEARS: Final = frozenset({"taken", "after", "before"})


def complete_line(
    line: str,
    vocabulary: Vocabulary,
    reader: Reader,
    most: int,
    *,
    show_folder: Callable[[str], str] = str,
    with_saved: bool = True,
    with_predicted: bool = True,
) -> list[Completion]:
    """How the last term of a line may go on; the most frequent first; keys, labels and names behind words.

    `show_folder` gives what may be known of the path of a folder. Without `with_saved`, nothing that was
    saved by name is told; without `with_predicted`, nothing that was predicted.
    """
    unfinished = split_unfinished(line)
    key = load_local_names().find_key(unfinished.key)  # the line keeps the key as it was typed
    if key == "folder":
        folders = [(show_folder(folder), images) for folder, images in reader.count_folders()]
        return _finish_values(unfinished, _complete_folder(folders, fold_text(unfinished.start)), most)
    if (key in _SAVED_KEYS and not with_saved) or (key == "shows" and not with_predicted):
        return []
    if key:
        values = _complete_value(key, fold_text(unfinished.start), reader, most)
        return _finish_values(unfinished, values, most)
    if not unfinished.start:
        return []
    further = [
        *(_complete_label(unfinished, reader) if with_predicted else ()),
        *(_complete_search(unfinished, reader) if with_saved else ()),
    ]
    words = _complete_word(unfinished, vocabulary, max(1, most - len(further)))
    return (words + further)[:most]


def _finish_values(unfinished: Unfinished, values: Counted, most: int) -> list[Completion]:
    return [
        Completion(value, unfinished.finish_value(value), count, "value")
        for value, count in islice(values, most)
    ]


def _complete_label(unfinished: Unfinished, reader: Reader) -> list[Completion]:
    """Predicted labels and categories of several words: those of one word are words of the library."""
    if len(unfinished.start) < 2:
        return []
    found = reader.count_predicted(unfinished.start, MOST_COMPLETIONS)
    names = [(name, count) for name, count in found if " " in name][:MOST_NAMES]
    return [Completion(name, unfinished.finish_with("shows", name), count, "label") for name, count in names]


def _complete_search(unfinished: Unfinished, reader: Reader) -> list[Completion]:
    start = fold_text(unfinished.start)
    names = [name for name in reader.load_searches() if fold_text(name).startswith(start)][:MOST_NAMES]
    return [Completion(name, unfinished.finish_with("saved", name), None, "search") for name in names]


def _complete_word(unfinished: Unfinished, vocabulary: Vocabulary, most: int) -> list[Completion]:
    start = fold_text(unfinished.start)
    keys = [key for key in dict.fromkeys((*KEYS, *PART_KEYS)) if key.startswith(start)][:MOST_KEYS]
    words = vocabulary.complete_word(start, most - len(keys)) if most > len(keys) else []
    found = [Completion(word, unfinished.finish_word(word), count, "word") for word, count in words]
    return (found + [Completion(f"{key}:", unfinished.finish_key(key), None, "key") for key in keys])[:most]


def _complete_value(key: str, start: str, reader: Reader, most: int) -> Counted:
    if key in _FIELDS:
        return reader.count_values(_FIELDS[key], start, most)
    if key == "shows":
        return reader.count_predicted(start, most)
    if key in _CHOICES:
        return ((value, None) for value in _CHOICES[key] if value.startswith(start))
    counted = _COUNTED.get(key)
    return (pair for pair in counted(reader) if fold_text(pair[0]).startswith(start)) if counted else ()


def _complete_folder(folders: Iterable[tuple[str, int]], start: str) -> Counted:
    """Names of folders, or several of them from one to the next, up to where the start ends.

    The images of folders below are counted with them; one with two files there counts twice.
    """
    counts: Counter[str] = Counter()
    for folder, images in folders:
        counts.update(dict.fromkeys(_folders_from(folder, start), images))
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _folders_from(folder: str, start: str) -> Iterator[str]:
    """What begins so in the path of a folder, from the beginning of one of its components to the end of
    another.
    """
    path = folder if start.startswith("/") else folder.lstrip("/")
    place = 0
    while 0 <= place < len(path):
        rest = path[place:]
        if rest.startswith(start) and (end := rest.find("/", max(1, len(start)))) > 0:
            yield rest[:end]
        place = -1 if start.startswith("/") else (path.find("/", place) + 1 or -1)


def _count_concepts(reader: Reader) -> Counted:
    return ((name, len(examples.good)) for name, examples in reader.load_concepts().items())


_COUNTED: Final[dict[str, Callable[[Reader], Counted]]] = {
    "format": lambda reader: sorted(reader.count_formats(), key=lambda pair: -pair[1]),
    "concept": _count_concepts,
    "in-concept": _count_concepts,
    "saved": lambda reader: ((name, None) for name in reader.load_searches()),
    "recipe": lambda reader: ((name, None) for name in reader.load_recipes()),
    **dict.fromkeys(_YEARS, lambda reader: reader.count_years()),
}

"""What is indexed about an image: its texts as tokens at positions, and its words as they are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import final

from ..catalog import SURE, Annotation, Image
from ..ranking.file_names import is_by_camera
from ..ranking.tokens import analyse_text, list_spellings, name_token, spell_words

# The weight of a match in each field: words that a person chose for the picture count most, then words about
# its file. Words that nobody chose count least.
FIELDS = {
    "title": 2.0,
    "tag": 2.0,
    "label": 2.0,
    "caption": 1.5,
    "place": 1.5,
    "creator": 1.0,
    "name": 0.7,
    "file": 0.7,
    "predicted": 0.5,
}
PREDICTED = "predicted"  # the field of predicted labels and categories: English names, worth their confidence
FILE_FIELD = "file"  # names that a camera gave: found whole, but not by the words in them
FIELDS_HELD = "holds"  # the Whoosh field that lists the fields in which an image has words
# The Whoosh fields with the words as they are written, without their stems: prefixes are looked for there.
SPELLED, SPELLED_PREDICTED = "spelled", "spelled_predicted"
# Of the fields, of the spelled words and of retrieval.ranking.tokens; raise it when either changes.
ENTRIES_VERSION = 7
GAP = " | "  # between values: it is not a token, so no phrase matches across two values
SAME_POSITION = "/"  # between tokens that stand at one position; it is in no token
WORTH = "^"  # between a position and how much a match of it counts, where that is not 1; it is in no token


@final
@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """What a word index holds of an image: by field, its positions separated by spaces (`split_positions`).

    `stated` and `predicted` are the distinct words as they are written, stated and predicted ones.
    """

    image_id: int
    fields: dict[str, str]
    stated: tuple[str, ...]
    predicted: tuple[str, ...]

    @classmethod
    def of_image(cls, image: Image) -> Entry:
        """What is indexed about an image."""
        texts = searchable_texts(image)
        stated = tuple(
            text for name, own in texts.items() if name not in (PREDICTED, FILE_FIELD) for text in own
        )  # cameras begin all names alike
        fields = {
            name: GAP.join(_write_positions(name, value) for value in values)
            for name, values in texts.items()
            if name != PREDICTED
        }
        fields[PREDICTED] = GAP.join(_write_predicted(image))
        fields[FIELDS_HELD] = " ".join(name for name, words in fields.items() if words.strip(GAP))
        fields[SPELLED] = " ".join(_spell_texts(stated))
        fields[SPELLED_PREDICTED] = " ".join(_spell_texts(texts[PREDICTED]))
        return cls(image.id, fields, _spell_words(stated), _spell_words(texts[PREDICTED]))


def split_positions(value: str) -> Iterator[tuple[int, str, float]]:
    """Each token of a field of an entry, with its position and how much it counts."""
    if SAME_POSITION not in value and WORTH not in value:  # most have one token at a position
        yield from ((number, token, 1.0) for number, token in enumerate(value.split()))
        return
    for number, written in enumerate(value.split()):
        position, _, worth = written.partition(WORTH)
        for token in position.split(SAME_POSITION):
            yield number, token, float(worth or 1)


def _spell_texts(texts: Iterable[str]) -> dict[str, None]:
    return {spelling: None for text in texts for spelling in list_spellings(text)}


def _spell_words(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple({word: None for text in texts for word in spell_words(text)})


def _write_positions(field: str, value: str) -> str:
    if field == FILE_FIELD:
        return name_token(value)
    return " ".join(SAME_POSITION.join(position) for position in analyse_text(value))


def _write_predicted(image: Image) -> Iterator[str]:
    """The positions of what is surely predicted, with their worth: that of a word is the confidence of the
    surest label or category with this word, however many have it.
    """
    seen: set[str] = set()
    for fact in sorted(_sure_predictions(image), key=lambda sure: -sure.confidence):
        for name in fact.label_names:
            positions = [SAME_POSITION.join(position) for position in analyse_text(name)]
            worths = [0.0 if position in seen else fact.confidence for position in positions]
            seen.update(positions)
            yield " ".join(
                f"{position}{WORTH}{worth:g}" for position, worth in zip(positions, worths, strict=True)
            )


def searchable_texts(image: Image) -> dict[str, tuple[str, ...]]:
    """The texts that are searched, by field, as they were written."""
    texts = {name: image.field_values(name) for name in FIELDS}
    texts["place"] = tuple(text for text in texts["place"] if any(map(str.isalpha, text)))  # no coordinates
    stems = [_find_stem(location.display) for location in image.locations]
    folders = [name for location in image.locations for name in location.folder_names]
    texts["name"] = tuple(dict.fromkeys([*folders, *(stem for stem in stems if not is_by_camera(stem))]))
    texts[FILE_FIELD] = tuple(dict.fromkeys(filter(is_by_camera, stems)))
    texts[PREDICTED] = tuple(words for fact in _sure_predictions(image) for words in fact.label_names)
    return texts


def _sure_predictions(image: Image) -> list[Annotation]:
    return [fact for fact in image.predictions if fact.confidence >= SURE]


def _find_stem(path: str) -> str:
    """The name of a file without its ending, as `PurePath.stem` gives it."""
    name = path.rpartition("/")[2]
    stem, _, ending = name.rpartition(".")
    return stem if stem and ending else name

"""What things look like that no classifier knows: guessed from WordNet's definitions and kinds.

A classifier tells what its classes look like. A thing that has classes among its kinds looks like their mean.
All others are guessed by kernel ridge regression from the classes. Two things are near each other when their
definitions or names have near vectors, or when both are kinds of something specific (Lin, "An
information-theoretic definition of similarity", ICML 1998, with the information content that the tree of
kinds gives: Seco, Veale and Hayes, ECAI 2004).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import normalize

from data.categories.wordnet import WordNet
from retrieval import word_tower

from .vocabulary import CLASSES, list_class_ids, list_classes

THING, PERSON = "n00001930", "n00007846"  # physical entity; how people look, classes do not tell
RIDGE = 0.03
KIND = 4.0  # exp(KIND (likeness − 1)) is the nearness of two kinds
BLOCK = 4096  # things that are guessed together


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Rows of a table, and the directions that they look like, (row, dimension), of length 1 at most."""

    rows: Tensor
    directions: Tensor


@dataclass(frozen=True, eq=False)
class Things:
    """The things of WordNet that are not persons, and how near two of them are to each other."""

    nouns: WordNet
    table: word_tower.WordTable

    @cached_property
    def ids(self) -> list[str]:
        """Their synsets, by rising id."""
        return sorted(key for key in self.nouns.synsets if self.is_thing(key))

    def is_thing(self, synset: str) -> bool:
        ancestors = self._lines[synset]
        return THING in ancestors and PERSON not in ancestors

    def find_synsets(self) -> dict[int, str]:
        """For each row of the table that is the name of a thing in its first sense, that thing.

        Where several names have the same row, the one that WordNet's texts use most often counts.
        """
        found: dict[int, tuple[int, str]] = {}
        for name, synset in self.nouns.first_senses():
            rows = self.table.find_rows(name.split()) if self.is_thing(synset) else []
            if len(rows) == 1:
                found[rows[0]] = max(found.get(rows[0], (-1, "")), (self.nouns.count(synset), synset))
        return {row: synset for row, (_, synset) in found.items()}

    def measure_nearness(self, things: Sequence[str], others: Sequence[str]) -> Tensor:
        """How near the things are to the others, (thing, other): by definition, by name and by kind."""
        texts = [self._encode_both(synsets) for synsets in (things, others)]
        near = [torch.exp(word_tower.KERNEL * (own @ other.T - 1)) for own, other in zip(*texts, strict=True)]
        return near[0] + near[1] + torch.exp(KIND * (self.compare_kinds(things, others) - 1))

    def compare_kinds(self, things: Sequence[str], others: Sequence[str]) -> Tensor:
        """Lin's likeness: twice the information of the most specific common kind, by the sum of their own."""
        below: dict[str, list[int]] = {}
        for place, other in enumerate(others):
            for kind in self._lines[other]:
                below.setdefault(kind, []).append(place)
        common = torch.zeros(len(things), len(others))
        for line, thing in zip(common, things, strict=True):
            for kind in sorted(self._lines[thing] & below.keys(), key=self._information.__getitem__):
                line[below[kind]] = self._information[kind]
        own = [torch.tensor([self._information[key] for key in keys]) for keys in (things, others)]
        return 2 * common / (own[0][:, None] + own[1]).clamp_min(1e-6)

    def kinds_among(self, classes: Sequence[str]) -> Mapping[str, list[int]]:
        """By synset, the places of the classes that are kinds of it."""
        found: dict[str, list[int]] = {}
        for place, synset in enumerate(classes):
            for kind in self._lines[synset]:
                found.setdefault(kind, []).append(place)
        return found

    @cached_property
    def _lines(self) -> dict[str, set[str]]:
        """Each synset with all that it is a kind of."""
        return {key: {key, *self.nouns.ancestors(key)} for key in self.nouns.synsets}

    @cached_property
    def _information(self) -> dict[str, float]:
        """1 for a synset without kinds, and the less the more of all synsets are kinds of it."""
        counts = Counter(kind for line in self._lines.values() for kind in line)
        return {key: 1 - math.log(count) / math.log(len(self._lines)) for key, count in counts.items()}

    def _encode_both(self, synsets: Sequence[str]) -> tuple[Tensor, Tensor]:
        known = [self.nouns.synsets[key] for key in synsets]
        definitions = [f"{synset.names[0]}: {synset.definition}" for synset in known]
        return self._encode_texts(definitions), self._encode_texts([", ".join(own.names) for own in known])

    def _encode_texts(self, texts: Sequence[str]) -> Tensor:
        """The vector of each text; zeros where the table knows none of its words."""
        vectors = torch.zeros(len(texts), self.table.numbers.shape[1])
        for place, text in enumerate(texts):
            if rows := self.table.find_rows(text.split()):
                vectors[place] = torch.from_numpy(self.table.mean_vector(rows))
        return vectors


def guess_looks(things: Things, directions: Tensor, classes: Sequence[str] | None = None) -> Looks:
    """What the words of the table look like that name things.

    `directions`: what each class looks like, (class, dimension), of length 1; `classes`: their synsets, by
    default those of ImageNet. A name of a class looks like the class, whatever its first sense is.
    """
    ids = list_class_ids(CLASSES) if classes is None else list(classes)
    named = things.find_synsets()
    kinds = things.kinds_among(ids)
    unknown = sorted({synset for synset in named.values() if synset not in kinds})
    guessed = dict(zip(unknown, _guess_directions(things, unknown, ids, directions), strict=True))
    means = {synset: normalize(directions[places].mean(dim=0), dim=0) for synset, places in kinds.items()}
    found = {row: means[synset] if synset in kinds else guessed[synset] for row, synset in named.items()}
    found |= _look_like_classes(things, ids, directions)
    rows = sorted(found)
    return Looks(torch.tensor(rows), torch.stack([found[row] for row in rows]))


def _guess_directions(
    things: Things, synsets: Sequence[str], classes: Sequence[str], directions: Tensor
) -> Tensor:
    near = things.measure_nearness(classes, classes)
    weights = torch.linalg.solve(near + RIDGE * torch.eye(len(classes)), directions)
    blocks = [synsets[start : start + BLOCK] for start in range(0, len(synsets), BLOCK)]
    return torch.cat([things.measure_nearness(block, classes) @ weights for block in blocks])


def _look_like_classes(things: Things, classes: Sequence[str], directions: Tensor) -> dict[int, Tensor]:
    """The rows that are names of classes, with the mean of the classes that have the name."""
    names = dict(zip(list_class_ids(CLASSES), list_classes(CLASSES), strict=True))
    places: dict[int, list[int]] = {}
    for place, synset in enumerate(classes):
        for name in names.get(synset, ()):
            rows = things.table.find_rows(name.split())
            if len(rows) == 1:
                places.setdefault(rows[0], []).append(place)
    return {row: normalize(directions[own].mean(dim=0), dim=0) for row, own in places.items()}

"""The words of images as they are written, with how many images have each: files beside a word index.

A word index holds stems ("eleph"), which are no words that could be shown to people.

    spelled-SEGMENT.tsv   a line for each word: the word, how many images of the segment state it, how many
                          have it only predicted
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

FILES = "spelled-*.tsv"  # one for each segment


@final
@dataclass(frozen=True, slots=True)
class SpelledWords:
    """How many images state each word, and how many have it only among what is predicted for them."""

    stated: Counter[str] = field(default_factory=Counter)
    predicted: Counter[str] = field(default_factory=Counter)

    def add_image(self, stated: Iterable[str], predicted: Iterable[str]) -> None:
        """Count the distinct words of one image: those stated about it, and those predicted for it."""
        words = set(stated)
        self.stated.update(words)
        self.predicted.update(word for word in predicted if word not in words)

    def count_words(self, *, predicted: bool) -> Counter[str]:
        """How many images have each word, with or without predicted ones."""
        return self.stated + self.predicted if predicted else +self.stated

    @staticmethod
    def join(several: Iterable[SpelledWords]) -> SpelledWords:
        """The words of different images together."""
        joined = SpelledWords()
        for spelled in several:
            joined.stated.update(spelled.stated)
            joined.predicted.update(spelled.predicted)
        return joined

    def write(self, folder: Path, segment: str) -> None:
        """Write the file of a segment into the folder of a word index."""
        lines = [f"{word}\t{self.stated[word]}\t{self.predicted[word]}\n" for word in self._list_words()]
        path = folder / FILES.replace("*", segment)
        path.write_text("".join(lines), encoding="utf-8", newline="")

    def _list_words(self) -> list[str]:
        return sorted(self.stated.keys() | self.predicted.keys())

    @classmethod
    def parse(cls, files: Iterable[bytes]) -> SpelledWords:
        """The words in the contents of all files of a word index."""
        spelled = cls()
        for file in files:
            for line in file.decode().splitlines():
                word, stated, predicted = line.split("\t")
                spelled.stated[word] += int(stated)
                spelled.predicted[word] += int(predicted)
        return spelled

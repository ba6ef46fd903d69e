"""Makes the table of categories from the files of WordNet 3.0: python -m data.categories.maker [FOLDER].

FOLDER holds data.noun, index.noun and cntlist.rev (by default where Debian's wordnet-base puts them).

A category is a synset above at least one class: what the class is a kind of. Its classes are all that lie
below it over any chain of parents, each once. Of all those synsets, the table has those that

1. are not left out by `choices`, and, for living things, have a name other than zoologists' ones
   ("elapid snake", "coraciiform bird"),
2. have several classes, or a name that WordNet's tagged texts use in this meaning (horse is above the class
   sorrel alone, and everybody says horse),
3. are the most used, and then the most specific, of those with the same classes.

What `choices` keeps or adds kinds to is in the table in any case, and stands for others with its classes. A
name of several meanings is kept if this one is among its two most usual ones; a synset without such a name
has its first.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from . import choices
from .wordnet import WordNet

HERE = Path(__file__).parent
DEBIAN = Path("/usr/share/wordnet")
CLASSES, TABLE = HERE / "imagenet-1k-classes.tsv", HERE / "imagenet-1k.tsv"
MAX_SENSE = 2  # names are kept in their two most usual meanings
ORGANISM = "n00004475"
# Endings of the names of families, orders and classes of animals, and of the words made from them.
SCIENTIFIC = re.compile(r"\b\w+(id|oid|ine|ian|ean|urian|pod|iform|pteran|pteron|pterous|morph|odont)\b")

Members = Mapping[str, frozenset[int]]  # by synset: the indices of the classes that are kinds of it


def make_table(wordnet: WordNet, classes: Sequence[str]) -> list[str]:
    """The lines of the table: synset, names, indices of classes, definition; the most specific first."""
    members = _find_members(wordnet, classes)
    kept = {*_ids(choices.KEPT), *map(_id, choices.ADDED_KINDS)} - _left_out()
    known = {members[synset] for synset in kept}
    others = {synset for synset in _pass_rules(wordnet, members) if members[synset] not in known}
    chosen = kept | _most_telling(wordnet, members, others)
    order = sorted(chosen, key=lambda synset: (len(members[synset]), synset))
    return [_make_line(wordnet, synset, members[synset]) for synset in order]


def change_kinds(wordnet: WordNet) -> WordNet:
    """WordNet with the kinds that `choices` adds and removes."""
    for category, removed in choices.REMOVED_KINDS.items():
        for kind in removed:
            wordnet.remove_parent(_id(kind), _id(category))
    for category, added in choices.ADDED_KINDS.items():
        for kind in added:
            wordnet.add_parent(_id(kind), _id(category))
    return wordnet


def _find_members(wordnet: WordNet, classes: Sequence[str]) -> Members:
    found: dict[str, set[int]] = defaultdict(set)
    for index, synset in enumerate(classes):
        for ancestor in wordnet.ancestors(synset):
            found[ancestor].add(index)
    return {synset: frozenset(indices) for synset, indices in found.items()}


def _left_out() -> set[str]:
    return {*_ids(choices.TOO_GENERAL), *_ids(choices.TOO_LEARNED), *_ids(choices.MISLEADING)}


def _id(choice: str) -> str:
    """The id in a choice such as "n02084071 dog"."""
    return choice.split()[0]


def _ids(listed: str) -> list[str]:
    return [_id(choice) for choice in listed.split(";")]


def _pass_rules(wordnet: WordNet, members: Members) -> Iterator[str]:
    left_out = _left_out()
    for synset, indices in members.items():
        is_scientific = ORGANISM in wordnet.ancestors(synset) and all(
            map(SCIENTIFIC.search, wordnet.synsets[synset].names)
        )
        is_useful = len(indices) > 1 or wordnet.count(synset) > 0
        if is_useful and not is_scientific and synset not in left_out:
            yield synset


def _most_telling(wordnet: WordNet, members: Members, synsets: set[str]) -> set[str]:
    """Of the synsets with the same classes, the most used one, and of these the most specific one."""
    best: dict[frozenset[int], str] = {}
    for synset in sorted(synsets, key=lambda one: (wordnet.count(one), wordnet.depth(one), one)):
        best[members[synset]] = synset
    return set(best.values())


def _make_line(wordnet: WordNet, synset: str, indices: frozenset[int]) -> str:
    names = ", ".join(_choose_names(wordnet, synset))
    return "\t".join([synset, names, _write_ranges(indices), wordnet.synsets[synset].definition])


def _choose_names(wordnet: WordNet, synset: str) -> list[str]:
    known = wordnet.synsets[synset].names
    usual = [name for name in known if wordnet.sense_number(name, synset) <= MAX_SENSE] or [known[0]]
    removed = _choice_for(choices.REMOVED_NAMES, synset)
    return [*(name for name in usual if name not in removed), *_choice_for(choices.ADDED_NAMES, synset)]


def _choice_for(table: Mapping[str, tuple[str, ...]], synset: str) -> tuple[str, ...]:
    return next((chosen for choice, chosen in table.items() if _id(choice) == synset), ())


def _write_ranges(indices: frozenset[int]) -> str:
    """The numbers in rising order, as in 3-5 9."""
    starts = [index for index in sorted(indices) if index - 1 not in indices]
    ends = [index for index in sorted(indices) if index + 1 not in indices]
    pairs = zip(starts, ends, strict=True)
    return " ".join(f"{start}-{end}" if start < end else f"{start}" for start, end in pairs)


def read_classes() -> list[str]:
    """The ids of the classes, in the order of their indices."""
    return [line.split("\t")[0] for line in CLASSES.read_text("utf-8").splitlines()]


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DEBIAN
    lines = make_table(change_kinds(WordNet(folder)), read_classes())
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{TABLE}: {len(lines)} categories\n")


if __name__ == "__main__":
    main()

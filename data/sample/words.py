"""Titles, captions and tags, made of the facts that a scene tells."""

import re
from dataclasses import dataclass

import numpy as np

from .facts import Facts, choose_name
from .vocabulary import VOCABULARIES, Vocabulary


@dataclass(frozen=True, slots=True)
class Words:
    title: str = ""
    caption: str = ""
    tags: tuple[str, ...] = ()


def make_words(rng: np.random.Generator, label: str, facts: Facts) -> Words:
    """One title, one caption and two to five tags for a picture of a class."""
    vocabulary = VOCABULARIES[label]
    spoken = _word_facts(vocabulary, facts)
    title = _fill_template(choose_name(rng, vocabulary.titles), spoken)
    caption = _fill_template(choose_name(rng, vocabulary.captions), spoken)
    return Words(title, caption, _choose_tags(rng, vocabulary, facts))


def _word_facts(vocabulary: Vocabulary, facts: Facts) -> Facts:
    """The facts worded for a sentence: `gold` becomes `in golden light`."""
    return {name: vocabulary.phrases.get(name, {}).get(value, value) for name, value in facts.items()}


def _fill_template(template: str, spoken: Facts) -> str:
    text = " ".join(template.format(**spoken).split()).replace(" ,", ",").replace(" .", ".")
    text = re.sub(r"\b([Aa])(?= [aeiouAEIOU])", r"\1n", text)
    return text[:1].upper() + text[1:]


def _choose_tags(rng: np.random.Generator, vocabulary: Vocabulary, facts: Facts) -> tuple[str, ...]:
    """The class word first, then some of the rest in their own order."""
    given = [tag for tag in (template.format(**facts) for template in vocabulary.tags) if tag]
    wanted = int(rng.integers(2, 6))
    kept = sorted(rng.permutation(len(given) - 1)[: wanted - 1].tolist())
    return tuple(dict.fromkeys([given[0], *(given[1 + place] for place in kept)]))

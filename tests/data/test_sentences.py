"""The grammars of sentences: every rule can be said, and what it makes is made of what it holds."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from data import SENTENCE_CODES, SENTENCES
from retrieval.query.sentences.patterns import Slot, expand_pattern
from retrieval.query.sentences.periods import PERIODS
from retrieval.query.sentences.vocabulary import Vocabulary

# What the names of a library may add: the kinds of `Vocabulary`, whether it has such names or not.
VOCABULARY = {"camera", "lens", "creator", "tag", "place", "person"} | {
    f"{kind}-{part}" for kind in ("camera", "lens") for part in ("word", "brand")
}


def load_grammar(code: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SENTENCES / f"{code}.json").read_text("utf-8"))
    return loaded


def texts_of(sense: str | dict[str, Any]) -> list[str]:
    """The texts of a sense, those that are offered included."""
    if isinstance(sense, str):
        return [sense]
    return [text for name in ("means", "or", "asks") for text in sense.get(name, "").split(" | ") if text]


def names_in(text: str) -> set[str]:
    """The slots that a text or a call takes."""
    if text.startswith("="):
        name, *arguments = text[1:].split()
        assert name in PERIODS, text
        return {argument for argument in arguments if not argument.startswith("'")}
    return {name.partition(".")[0] for name in re.findall(r"{([\w.-]+)}", text)}


@pytest.mark.parametrize("code", SENTENCE_CODES)
def test_every_way_to_say_a_rule_fills_the_slots_of_its_meaning(code: str) -> None:
    grammar = load_grammar(code)
    kinds = {*grammar["names"], *grammar["shapes"], *grammar["rules"]} | VOCABULARY
    for senses in grammar["rules"].values():
        for pattern, sense in senses.items():
            needed = set().union(*map(names_in, texts_of(sense)))
            for way in expand_pattern(pattern):
                slots = [element for element in way if isinstance(element, Slot)]
                assert needed <= {slot.name for slot in slots}, (pattern, way)
                assert {slot.kind for slot in slots} <= kinds, (pattern, way)


@pytest.mark.parametrize("code", SENTENCE_CODES)
def test_every_word_of_a_grammar_is_written_as_words_are_compared(code: str) -> None:
    grammar = load_grammar(code)
    lists = [grammar[name] for name in ("nothing", "opening", "not", "without", "further", "ends")]
    lists += [names for kind in grammar["names"].values() for names in kind.values()]
    for phrase in (phrase for names in lists for phrase in names.split("|")):
        assert phrase == " ".join(phrase.lower().split()), phrase


@pytest.mark.parametrize("code", SENTENCE_CODES)
def test_no_rule_begins_with_itself(code: str) -> None:
    """A parser that goes from left to right would never end."""
    rules = load_grammar(code)["rules"]
    begins = {
        kind: {
            way[0].kind for pattern in senses for way in expand_pattern(pattern) if isinstance(way[0], Slot)
        }
        for kind, senses in rules.items()
    }
    for kind in rules:
        reached = [*begins[kind]]
        for begun in reached:  # which grows on the way
            reached += [further for further in begins.get(begun, ()) if further not in reached]
        assert kind not in reached


@pytest.mark.parametrize("pattern", ["", "[the]", "(a|b", "a]", "a|[b]", "(a]"])
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="the pattern"):
        expand_pattern(pattern)


def test_makers_are_single_words_in_their_order() -> None:
    makers = (SENTENCES / "makers.txt").read_text("utf-8").split("\n")[:-1]
    assert makers == sorted(set(makers))
    assert all(re.fullmatch("[a-z0-9]+", maker) for maker in makers)
    assert "camera" in Vocabulary.from_values({"camera": [f"{makers[0]} one"]}, makers).names

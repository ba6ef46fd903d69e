"""The bridge learns the meaning of words where captions describe the pictures, and is off where they do not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.ranking import caption_bridge, word_fit
from retrieval.ranking.caption_bridge import Bridge, Gain, learn_bridge
from retrieval.ranking.tokens import parse_terms

DIMENSION = 32
THINGS = ("boat", "dog", "tree", "car", "house", "cup", "lamp", "rose")
COLOURS = ("red", "green", "blue", "white")
Features = npt.NDArray[np.float16]


def random_directions(names: tuple[str, ...], seed: int) -> dict[str, npt.NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    return {name: random.standard_normal(DIMENSION) for name in names}


MEANT = random_directions(THINGS, 1) | random_directions(COLOURS, 2)


def captioned_pictures(
    count: int, *, seed: int = 0, noise: float = 1.0
) -> tuple[list[word_fit.CaptionTokens], Features]:
    """Pictures of a thing in a colour; each caption has both words, a filler and a unique word."""
    random = np.random.default_rng(seed)
    pairs = [(THINGS[a], COLOURS[b]) for a, b in random.integers(0, (8, 4), (count, 2)).tolist()]
    rows = np.array([MEANT[thing] + 0.7 * MEANT[colour] for thing, colour in pairs])
    rows += 2 + noise * random.standard_normal((count, DIMENSION))
    said = [
        frozenset({thing, colour, "the", f"number{number}"}) for number, (thing, colour) in enumerate(pairs)
    ]
    return said, (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


@pytest.fixture(scope="module")
def learned_bridge() -> Bridge:
    return learn_bridge(*captioned_pictures(400))


def bridge_scores(learned_bridge: Bridge, text: str, features: Features) -> npt.NDArray[np.float32]:
    vector = learned_bridge.text_vector(parse_terms(text))
    assert vector is not None
    return features.astype(np.float32) @ vector


def test_words_find_pictures_that_it_did_not_learn_from(learned_bridge: Bridge) -> None:
    said, features = captioned_pictures(300, seed=9)
    for text in ("boat", "red", "a green dog", "rose"):
        wanted = set(text.split()) - {"a"}
        found = np.argsort(-bridge_scores(learned_bridge, text, features), kind="stable")[:5]
        assert sum(wanted <= said[row] for row in found.tolist()) >= 4, text


def test_the_vector_is_of_unit_length_and_scores_the_average_picture_as_nothing(
    learned_bridge: Bridge,
) -> None:
    _, features = captioned_pictures(400)
    vector = learned_bridge.text_vector(parse_terms("blue car"))
    assert vector is not None
    assert vector.dtype == np.float32
    assert vector.shape == (DIMENSION,)
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-6)
    assert bridge_scores(learned_bridge, "blue car", features).mean() == pytest.approx(0, abs=1e-3)


def test_a_text_without_a_known_word_has_no_vector(learned_bridge: Bridge) -> None:
    for text in ("qwrtz blorf", "!?", "number7", ""):
        assert learned_bridge.text_vector(parse_terms(text)) is None
        assert learned_bridge.known_words(parse_terms(text)) == ()


def test_unknown_words_and_the_order_of_words_change_nothing(learned_bridge: Bridge) -> None:
    plain = learned_bridge.text_vector(parse_terms("red boat"))
    for text in ("red boat qwrtz", '"red boat"', "red red boats"):
        assert np.array_equal(learned_bridge.text_vector(parse_terms(text)), plain)  # type: ignore[arg-type]
    turned = learned_bridge.text_vector(parse_terms("boat red"))
    assert turned == pytest.approx(plain, abs=1e-6)
    assert learned_bridge.known_words(parse_terms('red "red boat" qwrtz')) == ("red", "boat")


def test_a_word_that_says_nothing_weighs_next_to_nothing(learned_bridge: Bridge) -> None:
    with_filler, plain = (
        learned_bridge.text_vector(parse_terms("the boat")),
        learned_bridge.text_vector(parse_terms("boat")),
    )
    assert with_filler is not None
    assert plain is not None
    assert float(with_filler @ plain) > 0.99


def test_both_gains_are_measured(learned_bridge: Bridge) -> None:
    """Every caption is unique here, so that holding out images or captions is the same."""
    assert learned_bridge.reason == ""
    assert learned_bridge.seen == learned_bridge.unseen
    assert learned_bridge.seen is not None
    assert learned_bridge.seen.low < learned_bridge.seen.mean < learned_bridge.seen.high
    assert learned_bridge.seen.low > 0.8
    assert learned_bridge.seen.captions == 400


def test_shared_captions_are_held_out_whole_for_the_unseen_gain() -> None:
    """Captions of a single word have no word in common: an unseen caption cannot be found."""
    said, features = captioned_pictures(400)
    single = learn_bridge([tokens & frozenset(THINGS) for tokens in said], features)
    assert single.seen is not None
    assert single.seen.captions == len(THINGS)
    assert single.unseen is None
    assert set(single.rows) == set(THINGS)
    pairs = learn_bridge([tokens & frozenset(THINGS + COLOURS) for tokens in said], features)
    assert pairs.seen is not None
    assert pairs.unseen is not None
    assert pairs.seen.captions == pairs.unseen.captions == len(THINGS) * len(COLOURS)
    assert pairs.unseen.low > 0.7


@pytest.mark.parametrize("seed", range(8))
def test_captions_that_say_nothing_about_the_pictures_leave_it_off(seed: int) -> None:
    said, features = captioned_pictures(200, seed=seed)
    order = np.random.default_rng(100 + seed).permutation(200)
    off = learn_bridge([said[row] for row in order.tolist()], features)
    assert off.reason.startswith("captions do not tell these pictures apart: 0.")
    assert off.seen is not None
    assert off.text_vector(parse_terms("boat")) is None
    assert off.rows == {}


@pytest.mark.parametrize(
    ("count", "reason"),
    [(0, "0 captioned images; 40 are needed"), (39, "39 captioned images; 40 are needed")],
)
def test_too_few_images_leave_it_off(count: int, reason: str) -> None:
    said, features = captioned_pictures(400)
    off = learn_bridge(said[:count], features[:count])
    assert (off.reason, off.seen, off.unseen) == (reason, None, None)
    assert off.directions.shape == (0, DIMENSION)


def test_too_few_captions_leave_it_off() -> None:
    _, features = captioned_pictures(100)
    assert learn_bridge([frozenset({"photo"})] * 100, features).reason == "1 different captions; 5 are needed"


def test_captions_without_a_word_in_common_leave_it_off() -> None:
    _, features = captioned_pictures(100)
    off = learn_bridge([frozenset({f"number{number}"}) for number in range(100)], features)
    assert off.reason == "captions do not tell these pictures apart: no word in common"


def test_pictures_that_are_all_alike_leave_it_off() -> None:
    said, features = captioned_pictures(100)
    off = learn_bridge(said, np.repeat(features[:1], 100, axis=0))
    assert off.reason.startswith("captions do not tell these pictures apart")


def test_the_same_captions_give_the_same_bridge(learned_bridge: Bridge) -> None:
    again = learn_bridge(*captioned_pictures(400))
    assert again.rows == learned_bridge.rows
    assert np.array_equal(again.directions, learned_bridge.directions)
    assert again.seen == learned_bridge.seen


def test_learning_leaves_its_inputs_alone() -> None:
    said, features = captioned_pictures(60)
    before, copy = list(said), features.copy()
    learn_bridge(said, features)
    assert said == before
    assert np.array_equal(features, copy)


def test_the_vocabulary_is_bounded_to_the_most_frequent_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_fit, "MOST_WORDS", 3)
    counts = word_fit.count_images_by_word(
        [frozenset("abcd"), frozenset("abcd"), frozenset("bcde"), frozenset("dz")]
    )
    assert counts == {"b": 3, "c": 3, "d": 4}


def test_moments_are_those_of_the_whole_whatever_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    said, features = captioned_pictures(100)
    rows = {word: row for row, word in enumerate(word_fit.count_images_by_word(said))}
    exact = features.astype(np.float64)
    sums = np.array([exact[[word in tokens for tokens in said]].sum(axis=0) for word in rows])
    for chunk in (1, 7, 256):
        monkeypatch.setattr(word_fit, "CHUNK", chunk)
        mean, spread, found = word_fit.sum_moments(said, features, rows)
        assert mean == pytest.approx(exact.mean(axis=0), abs=1e-6)
        assert spread == pytest.approx(np.cov(exact.T, bias=True), abs=1e-6)
        assert found == pytest.approx(sums, abs=1e-5)


def test_closeness_is_the_share_of_the_best() -> None:
    assert caption_bridge.bridge_closeness([0.4, 0.1, 0.0, -0.2]).tolist() == [1.0, 0.25, 0.0, 0.0]
    assert caption_bridge.bridge_closeness([-0.1, -0.3]).tolist() == [0.0, 0.0]
    assert caption_bridge.bridge_closeness([]).tolist() == []


def test_centred_rows_have_no_share_along_the_mean() -> None:
    random = np.random.default_rng(0)
    rows, mean = random.standard_normal((5, 8)), random.standard_normal(8)
    found = caption_bridge.remove_mean_direction(rows, mean)
    assert found @ mean == pytest.approx(np.zeros(5), abs=1e-12)
    assert np.linalg.matrix_rank(np.vstack([rows[0] - found[0], mean])) == 1


FEW = st.lists(st.integers(-4, 4), min_size=1, max_size=12)


@given(FEW, FEW)
@settings(deadline=None)
def test_an_area_is_the_share_of_pairs_in_order(own: list[int], others: list[int]) -> None:
    pairs = [(a > b) + (a == b) / 2 for a in own for b in others]
    found = caption_bridge._roc_area(np.array(own, float), np.sort(np.array(others, float)))
    assert found == pytest.approx(sum(pairs) / len(pairs))


def test_a_gain_is_told_in_one_phrase() -> None:
    assert str(Gain(0.831, 0.7812, 0.88, 81)) == "0.83 (95 %: 0.78 to 0.88, 81 captions)"


def encode_meant_words(words: object) -> npt.NDArray[np.float32] | None:
    """A tower that knows what every thing and colour looks like."""
    vectors = [MEANT[word] for word in words if word in MEANT]  # type: ignore[attr-defined]
    return np.sum(vectors, axis=0).astype(np.float32) if vectors else None


def encode_nonsense(words: object) -> npt.NDArray[np.float32]:
    """A tower that has every word wrong."""
    return np.random.default_rng(len(" ".join(words))).standard_normal(DIMENSION).astype(np.float32)  # type: ignore[call-overload]


def test_a_tower_beside_it_gets_the_share_that_it_deserves() -> None:
    said, features = captioned_pictures(200, noise=2.0)
    beside_good = learn_bridge(said, features, encode_meant_words)
    beside_bad = learn_bridge(said, features, encode_nonsense)
    assert beside_good.share < 0.9 <= beside_bad.share
    assert learn_bridge(said, features).share == 1
    assert np.array_equal(beside_good.directions, learn_bridge(said, features).directions)
    assert beside_good.seen == beside_bad.seen


def test_blended_vectors_count_their_shares_of_equal_spreads() -> None:
    said, features = captioned_pictures(200)
    bridge = learn_bridge(said, features, encode_meant_words)
    own = bridge.text_vector(parse_terms("boat"))
    other = np.asarray(100 * MEANT["rose"], np.float32)
    blended = bridge.blend_vectors(own, other)
    assert own is not None
    assert blended is not None
    assert bridge.sample is not None
    sample = bridge.sample.astype(np.float32)
    scores = [sample @ vector / np.std(sample @ vector) for vector in (own, other)]
    wanted = bridge.share * scores[0] + (1 - bridge.share) * scores[1]
    assert np.corrcoef(sample @ blended, wanted)[0, 1] > 0.9999
    assert np.linalg.norm(blended) == pytest.approx(1, abs=1e-6)


def test_where_one_has_no_vector_the_other_stands_alone() -> None:
    off = Bridge.without_words("nothing", DIMENSION)
    vector = np.ones(DIMENSION, np.float32)
    assert off.blend_vectors(None, None) is None
    assert off.blend_vectors(None, vector) is vector
    assert off.blend_vectors(vector, None) is vector

"""Verdicts about images, and the groups that follow from them."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from retrieval.ranking.verdicts import Verdict, group_pairs, list_meant, settle_verdicts

IMAGES = range(1, 7)
verdict_lists = st.lists(
    st.tuples(
        st.sampled_from(["same", "different"]),
        st.lists(st.sampled_from(IMAGES), min_size=2, max_size=3, unique=True),
    ),
    max_size=8,
).map(lambda said: [Verdict(number, kind, tuple(ids)) for number, (kind, ids) in enumerate(said, 1)])
pair_lists = st.lists(st.tuples(st.sampled_from(IMAGES), st.sampled_from(IMAGES)), max_size=10)


def test_same_and_different_are_transitive() -> None:
    said = [Verdict(1, "same", (1, 2)), Verdict(2, "same", (2, 3)), Verdict(3, "different", (3, 9))]
    settled = settle_verdicts(said)
    assert settled.list_classes() == [(1, 2, 3)]
    assert not settled.join(1, 9), "what is not 3 is not 1 either"


def test_the_later_of_two_verdicts_counts_and_the_earlier_one_comes_back_when_it_is_withdrawn() -> None:
    earlier, later = Verdict(1, "same", (1, 2)), Verdict(2, "different", (1, 2))
    assert settle_verdicts([earlier, later]).list_classes() == []
    assert settle_verdicts([earlier]).list_classes() == [(1, 2)]
    again = Verdict(3, "same", (2, 1))
    assert settle_verdicts([earlier, later, again]).list_classes() == [(1, 2)]


def test_an_image_like_two_that_are_told_apart_goes_to_the_one_that_it_is_more_like() -> None:
    apart = [Verdict(1, "different", (1, 2))]
    assert group_pairs([(2, 3), (1, 3), (1, 4)], apart) == [(1, 4), (2, 3)]


def test_what_people_put_together_is_no_longer_asked_about() -> None:
    same = [Verdict(1, "same", (1, 2))]
    assert group_pairs([(1, 2)], same) == []
    assert group_pairs([(1, 2), (2, 3)], same) == [(1, 2, 3)]


def test_one_image_alone_is_meant_to_have_several_files() -> None:
    said = [Verdict(1, "different", (4,)), Verdict(2, "different", (5, 6))]
    assert list_meant(said) == {4}


@given(verdict_lists, pair_lists)
def test_no_group_holds_images_that_were_told_apart(
    said: list[Verdict], pairs: list[tuple[int, int]]
) -> None:
    settled = settle_verdicts(said)
    classes = {image_id: settled.find_root(image_id) for image_id in IMAGES}
    apart = {
        (one, other)
        for one, other in combinations(IMAGES, 2)
        if classes[one] != classes[other] and not settle_verdicts(said).join(one, other)
    }
    for members in group_pairs(pairs, said):
        assert not apart & set(combinations(members, 2))
        for image_id in members:
            whole = {other for other in IMAGES if classes[other] == classes[image_id]}
            assert whole <= set(members), "a class that people made is never torn"


@given(verdict_lists)
def test_the_last_verdict_always_holds(said: list[Verdict]) -> None:
    if not said:
        return
    last, settled = said[-1], settle_verdicts(said)
    roots = {settled.find_root(image_id) for image_id in last.images}
    assert len(roots) == (1 if last.kind == "same" else len(last.images))

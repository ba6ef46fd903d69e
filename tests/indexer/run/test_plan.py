"""Before and now to a plan, world by world."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.run.plan import Plan, Stamp, make_plan
from indexer.run.sources import FoundFile, Walk

OLD: Stamp = (10, 1, False)
GONE: Stamp = (10, 1, True)
LISTS = ("new", "changed", "compared", "returned", "unchanged", "missing")


@dataclass(frozen=True)
class World:
    """What the catalog knows, what the walk found, and the expected list of each path."""

    before: dict[str, Stamp]
    now: dict[str, tuple[int, int]]  # size and time
    plan: dict[str, str]
    roots: tuple[str, ...] = ("/p",)
    unlisted: tuple[str, ...] = field(default=())


WORLDS = {
    "nothing at all": World({}, {}, {}),
    "a first run": World({}, {"/p/a": (10, 1), "/p/b": (5, 2)}, {"/p/a": "new", "/p/b": "new"}),
    "nothing happened": World({"/p/a": OLD}, {"/p/a": (10, 1)}, {"/p/a": "unchanged"}),
    "another size": World({"/p/a": OLD}, {"/p/a": (11, 1)}, {"/p/a": "changed"}),
    "another time": World({"/p/a": OLD}, {"/p/a": (10, 2)}, {"/p/a": "changed"}),
    "an older time": World({"/p/a": OLD}, {"/p/a": (10, 0)}, {"/p/a": "changed"}),
    "deleted": World({"/p/a": OLD}, {}, {"/p/a": "missing"}),
    "still deleted": World({"/p/a": GONE}, {}, {}),
    "back again": World({"/p/a": GONE}, {"/p/a": (10, 1)}, {"/p/a": "returned"}),
    "back, but another": World({"/p/a": GONE}, {"/p/a": (12, 1)}, {"/p/a": "changed"}),
    "renamed": World({"/p/a": OLD}, {"/p/b": (10, 1)}, {"/p/a": "missing", "/p/b": "new"}),
    "outside the roots": World({"/q/a": OLD}, {}, {}),
    "a root's name as a mere beginning": World({"/pictures/a": OLD}, {}, {}),
    "two roots": World({"/p/a": OLD, "/q/b": OLD, "/r/c": OLD}, {}, dict.fromkeys(("/p/a", "/q/b"), "missing"),
                       roots=("/p", "/q")),
    "a root with a slash at its end": World({"/p/a": OLD}, {}, {"/p/a": "missing"}, roots=("/p/",)),
    "the root of everything": World({"/p/a": OLD}, {}, {"/p/a": "missing"}, roots=("/",)),
    "a single file as root": World({"/p/a": OLD, "/p/b": OLD}, {"/p/a": (10, 1)}, {"/p/a": "unchanged"},
                                   roots=("/p/a",)),
    "below a folder that could not be listed": World({"/p/s/a": OLD, "/p/b": OLD}, {}, {"/p/b": "missing"}, unlisted=("/p/s",)),
    "the name of an unlisted folder as the beginning of another name": World({"/p/sea/a": OLD}, {}, {"/p/sea/a": "missing"},
                                                         unlisted=("/p/s",)),
}  # fmt: skip


def plan_world(world: World) -> Plan:
    walk = empty_walk([root.encode() for root in world.roots], [folder.encode() for folder in world.unlisted])
    return make_plan(
        [FoundFile(path.encode(), size, mtime) for path, (size, mtime) in world.now.items()],
        {path.encode(): stamp for path, stamp in world.before.items()},
        is_expected=walk.is_covered,
    )


def empty_walk(roots: list[bytes], unlisted: list[bytes]) -> Walk:
    return Walk(tuple(roots), (), (), tuple(unlisted), 0, 0)


def listed_paths(plan: Plan) -> list[tuple[bytes, str]]:
    return [
        (entry.path if isinstance(entry, FoundFile) else entry, name)
        for name in LISTS
        for entry in getattr(plan, name)
    ]


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS.keys())
def test_before_and_now_give_the_plan(world: World) -> None:
    assert dict(listed_paths(plan_world(world))) == {path.encode(): name for path, name in world.plan.items()}


def test_lists_are_in_the_order_of_paths_and_new_and_changed_are_read() -> None:
    world = World(
        {"/p/b": OLD, "/p/e": OLD, "/p/d": OLD}, {"/p/c": (1, 1), "/p/b": (9, 9), "/p/a": (1, 1)}, {}
    )
    plan = plan_world(world)
    assert [file.path for file in plan.to_read] == [b"/p/a", b"/p/b", b"/p/c"]
    assert plan.missing == (b"/p/d", b"/p/e")


def test_what_looks_unchanged_is_compared_on_demand() -> None:
    before = {b"/p/a": OLD, b"/p/b": GONE, b"/p/c": OLD, b"/p/d": OLD}
    now = [FoundFile(b"/p/" + name, 10, 1) for name in (b"a", b"b", b"e")] + [FoundFile(b"/p/c", 11, 1)]
    plan = make_plan(now, before, is_expected=lambda _: True, compares=True)
    assert listed_paths(plan) == [
        (b"/p/e", "new"),
        (b"/p/c", "changed"),
        (b"/p/a", "compared"),
        (b"/p/b", "compared"),
        (b"/p/d", "missing"),
    ]
    assert [file.path for file in plan.to_read] == [b"/p/a", b"/p/b", b"/p/c", b"/p/e"]


paths = st.sampled_from(
    [b"/%s/%s" % (folder, name) for folder in (b"p", b"p/s", b"ps", b"q") for name in (b"a", b"b")]
)
numbers = st.integers(0, 2)
folders = st.lists(st.sampled_from([b"/p", b"/p/s", b"/q", b"/", b"/p/a"]), max_size=3)


@given(
    now=st.dictionaries(paths, st.tuples(numbers, numbers)),
    before=st.dictionaries(paths, st.tuples(numbers, numbers, st.booleans())),
    roots=folders,
    unlisted=folders,
)
def test_every_path_is_in_exactly_one_list(
    now: dict[bytes, tuple[int, int]], before: dict[bytes, Stamp], roots: list[bytes], unlisted: list[bytes]
) -> None:
    plan = make_plan(
        [FoundFile(path, *facts) for path, facts in now.items()],
        before,
        is_expected=empty_walk(roots, unlisted).is_covered,
    )
    times = Counter(path for path, _ in listed_paths(plan))
    assert set(now) <= set(times)
    assert set(times.values()) <= {1}
    # What is in no list was missing already, or nothing was learned about it.
    for path in before.keys() - times.keys():
        inside = any(path == root or path.startswith(root.rstrip(b"/") + b"/") for root in roots)
        outside = any(path == folder or path.startswith(folder.rstrip(b"/") + b"/") for folder in unlisted)
        assert before[path][2] or not inside or outside
    assert not set(plan.missing) & set(now)

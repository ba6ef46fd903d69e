"""Patterns choose files as people expect who know gitignore."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from indexer.errors import InvalidPattern
from indexer.run.patterns import Choice


@pytest.mark.parametrize(
    ("pattern", "matching", "not_matching"),
    [
        ("*.png", ["a.png", "b/c.PNG", "a.png/inside.jpg"], ["a.png.jpg", "png"]),
        ("thumbs", ["thumbs", "a/thumbs/b.jpg"], ["thumbs.jpg", "mythumbs"]),
        ("thumbs/", ["thumbs/", "thumbs/a.jpg", "b/thumbs/a.jpg"], ["thumbs"]),
        ("/a.jpg", ["a.jpg"], ["b/a.jpg"]),
        ("2024/*.jpg", ["2024/a.jpg"], ["2024/b/a.jpg", "x/2024/a.jpg"]),
        ("2024/**/raw", ["2024/raw/a.jpg", "2024/b/c/raw/a.jpg"], ["2024/b/raws/a.jpg"]),
        ("**/raw/*.jpg", ["raw/a.jpg", "a/b/raw/c.jpg"], ["raw/b/a.jpg"]),
        ("IMG_????.jpg", ["IMG_0001.jpg", "img_äöüé.jpg"], ["IMG_1.jpg"]),
        ("[a-c].jpg", ["b.jpg"], ["d.jpg"]),
        ("[!a-c].jpg", ["d.jpg"], ["b.jpg", "/.jpg"]),
        (r"\*.jpg", ["*.jpg"], ["a.jpg"]),
        ("[[]1].jpg", ["[1].jpg"], ["1.jpg"]),
        ("a.b", ["a.b"], ["aXb"]),
        ("[", ["["], ["a"]),
    ],
)
def test_a_pattern_means(pattern: str, matching: list[str], not_matching: list[str]) -> None:
    choice = Choice(include=(pattern,), hidden=True)
    assert [path for path in matching + not_matching if choice.can_take(path.encode())] == matching


PATHS = (
    "a.png", "b/c.PNG", "d.png/inside.jpg", "a.png.jpg", "png", "thumbs/a.jpg", "b/thumbs/a.jpg", "thumbs.jpg",
    "mythumbs", "2024/a.jpg", "2024/b/a.jpg", "x/2024/a.jpg", "2024/raw/a.jpg", "2024/b/c/raw/a.jpg",
    "2024/b/raws/a.jpg", "raw/a.jpg", "a/b/raw/c.jpg", "raw/b/a.jpg", "IMG_0001.jpg", "img_0002.JPG", "b.jpg",
    "d.jpg", "*.jpg", "[1].jpg", "1.jpg", "a.b", "aXb", "a^b", "a/b/x", "a b", "#a", "!a", "C-D", "-",
)  # fmt: skip
PATTERNS = (
    "*", "**", "*/", "**/", "*.png", "thumbs", "thumbs/", "/thumbs", "/a.png", "2024/*", "2024/**", "2024/*.jpg",
    "2024/**/raw", "2024/**/*.jpg", "**/raw/*.jpg", "**/b/", "b/**", "/**/a.jpg", "a**b", "a/**b", "IMG_????.jpg",
    "[a-c].jpg", "[!a-c].jpg", "[^a-c].jpg", "a[!x]b", "a[^x]b", "[[]1].jpg", "[]-]", "[c-]-d", r"\*.jpg", r"a\.b",
    "a.b", "a?b", "a b", r"\#a", r"\!a", "//a.png", "a.png//",
)  # fmt: skip


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_patterns_match_what_git_matches(tmp_path: Path) -> None:
    for path in PATHS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    for pattern in PATTERNS:
        choice = Choice(include=(pattern,), hidden=True)
        matching = {path for path in PATHS if choice.can_take(path.encode())}
        assert (pattern, matching) == (pattern, _git_matches(tmp_path, pattern))


def _git_matches(folder: Path, pattern: str) -> set[str]:
    """The paths that git ignores when the pattern is the only line of its gitignore file."""
    (folder / ".gitignore").write_text(pattern + "\n")
    command = [
        "git",
        "-C",
        folder,
        "-c",
        "core.ignorecase=true",
        "check-ignore",
        "--no-index",
        "-z",
        "--stdin",
    ]
    run = subprocess.run(command, input="\0".join(PATHS).encode(), capture_output=True)
    assert run.returncode in (0, 1), run.stderr  # 1: no path is ignored
    return set(run.stdout.decode().split("\0")) - {""}


@pytest.mark.parametrize(("pattern", "name"), [("#a", "#a"), ("!a", "!a"), ("[a/b]", "[a/b]"), ("x[", "x[")])
def test_characters_that_mean_something_else_in_a_gitignore_file_are_ordinary(
    pattern: str, name: str
) -> None:
    choice = Choice(include=(pattern,))
    assert choice.can_take(name.encode())
    assert not choice.can_take(b"a")


def test_exclude_wins_over_include_and_hidden_names_are_left_out() -> None:
    choice = Choice(include=("*.jpg", "keep/"), exclude=("drafts/",))
    paths = [
        b"a.jpg",
        b"keep/a.png",
        b"drafts/a.jpg",
        b"keep/drafts/a.jpg",
        b"a.png",
        b".a.jpg",
        b"b/.c/a.jpg",
    ]
    assert [path for path in paths if choice.can_take(path)] == [b"a.jpg", b"keep/a.png"]
    assert [folder for folder in (b"b/", b"b/drafts/", b".b/") if choice.can_enter(folder)] == [b"b/"]


def test_names_that_are_not_text_are_matched_by_their_bytes() -> None:
    assert Choice(exclude=("f?r.jpg",)).can_take(b"f\xfc\xffr.jpg")
    assert not Choice(exclude=("f??r.jpg",)).can_take(b"f\xfc\xffr.jpg")


@pytest.mark.parametrize("pattern", ["", " ", "/", "//", "[z-a].jpg", "a\\", r"a\/b"])
def test_a_pattern_that_cannot_be_used_is_named(pattern: str) -> None:
    with pytest.raises(InvalidPattern, match="not a usable pattern"):
        Choice(exclude=(pattern,))

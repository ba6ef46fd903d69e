"""Every error: one base, one stable code, one sentence that names the thing and what to do."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from retrieval import InvalidQuery, InvalidSetting, Library, RetrievalError, Settings, errors, parse_query

FAMILY = {
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, BaseException) and kind is not RetrievalError
}

# Each error as it is raised: its code, its whole message.
MADE: list[tuple[RetrievalError, str, str]] = [
    (
        errors.InvalidQuery("column 3: size: is not a key; there are folder, tag"),
        "invalid-query",
        "column 3: size: is not a key; there are folder, tag",
    ),
    (
        errors.InvalidCursor(errors.InvalidCursor.OTHER_QUERY),
        "invalid-cursor",
        "cursor: it belongs to another query; only limit may change while you walk through a list; "
        "leave it out to begin at the first hit",
    ),
    (
        errors.CursorExpired(),
        "cursor-expired",
        "cursor: its list is not kept any more: lists are kept for a day after their last use, the last "
        "1000 of a library at most; leave the cursor out to begin at the first hit",
    ),
    (
        errors.InvalidSetting("batch_size = 0: choose from 1 to 4096"),
        "invalid-setting",
        "batch_size = 0: choose from 1 to 4096",
    ),
    (
        errors.InvalidLabels("captions.csv: not UTF-8 (byte 7); save it as UTF-8"),
        "invalid-labels",
        "captions.csv: not UTF-8 (byte 7); save it as UTF-8",
    ),
    (
        errors.LibraryNotFound(Path("/data/holiday")),
        "library-not-found",
        "/data/holiday: no library here; make one with `pictor index FOLDER --library /data/holiday`",
    ),
    (
        errors.LibraryBusy("/data/holiday", "process 4711"),
        "library-busy",
        "/data/holiday: another writer is at work (process 4711); wait until it has finished",
    ),
    (
        errors.SchemaOutOfDate("/data/holiday", None, "0002"),
        "schema-out-of-date",
        "/data/holiday: the catalog has schema none, this version of Pictor needs 0002; "
        "run `pictor index` once to upgrade an older library, or use the newer Pictor that wrote it",
    ),
    (
        errors.ProjectionDamaged("words-3", "its checksum differs"),
        "projection-damaged",
        "words-3: its checksum differs; nothing is lost, run `pictor rebuild` to make it again",
    ),
    (
        errors.FeatureDamaged("colour", range(3, 9)),
        "feature-damaged",
        "colour: 6 stored features are damaged (images 3, 4, 5, 6, 7, …); "
        "run `pictor check`, which names the repair",
    ),
    (
        errors.DurabilityTooLow("/data/holiday", "synchronous is 1, not 2"),
        "durability-too-low",
        "/data/holiday: it could lose committed data in a power failure (synchronous is 1, not 2); "
        "make the library on a local disk, or give it a catalog on PostgreSQL",
    ),
    (
        errors.StorageFailed("/data/holiday", OSError("disk full")),
        "storage-failed",
        "/data/holiday: storage failed (disk full); free some space or check the disk, then run again",
    ),
    (
        errors.ServerLost("db/pictures", "connection refused\n\tIs the server running?"),
        "server-lost",
        "db/pictures: storage failed (connection refused); run again when the server is back",
    ),
    (
        errors.NotEnoughMemory("vectors-subject-3", 2_048_000_000),
        "not-enough-memory",
        "vectors-subject-3: needs 2048 MB, more than the memory that is free; "
        "give this process more memory, or end other programs, then run again",
    ),
    (
        errors.OriginalMissing(12),
        "original-missing",
        "image 12: its file is gone, changed or too large; run `pictor index` on its folder",
    ),
    (
        errors.ServerUnreachable("http://pictures.example", "connection refused"),
        "server-unreachable",
        "http://pictures.example: the server cannot be reached (connection refused); look whether it runs, "
        "then try again",
    ),
    (
        errors.RequestRefused("picture: more than 20 MB; choose a smaller one", "request-entity-too-large"),
        "request-entity-too-large",
        "picture: more than 20 MB; choose a smaller one",
    ),
    (
        errors.ImageNotFound(12),
        "image-not-found",
        "image 12: not in the library; it may have been removed",
    ),
    (
        errors.ImageNotInAnswer(12, "it is below the relevance line; give the query weaker:yes to list it"),
        "image-not-in-answer",
        "image 12: not in the answer to this query; it is below the relevance line; give the query weaker:yes to list it",
    ),
    (
        errors.UnreadableImage("a.jpg", "empty-file", "0 bytes; copy the file again from its source"),
        "empty-file",
        "a.jpg: 0 bytes; copy the file again from its source",
    ),
    (
        errors.ImageTooLarge(
            "scan.png", amount=480, limit=200, unit="megapixels", setting="max_image_megapixels"
        ),
        "too-many-pixels",
        "scan.png: 480 megapixels; the limit is 200 (setting max_image_megapixels)",
    ),
    (
        errors.ImageTooLarge("scan.png", amount=2048, limit=1024, unit="MB", setting="max_image_megabytes"),
        "too-many-bytes",
        "scan.png: 2048 MB; the limit is 1024 (setting max_image_megabytes)",
    ),
    (
        errors.UnknownDescriptor("smell", ["colour", "subject"]),
        "unknown-descriptor",
        "smell: no such descriptor; there are colour, subject",
    ),
    (
        errors.BackboneUnavailable("vit_tiny", "no such model in timm"),
        "backbone-unavailable",
        "vit_tiny: no such model in timm; "
        "give the safetensors file that belongs to this backbone with --weights FILE",
    ),
    (
        errors.PictureUnreachable("https://example.org/a.jpg", "takes too long to answer; try again"),
        "picture-unreachable",
        "https://example.org/a.jpg: takes too long to answer; try again",
    ),
    (
        errors.DecodingImpossible("a decoder process does not start (exit status 1)"),
        "decoding-impossible",
        "pictures cannot be decoded: a decoder process does not start (exit status 1); "
        "end other programs, which leaves memory and time for this one, or install Pictor again",
    ),
    (
        errors.DeadlinePassed(),
        "deadline-passed",
        "the answer: it takes longer than a request may take here (setting answer_seconds); ask for less, "
        "or try again when fewer ask",
    ),
    (
        errors.NameTaken("saved search", "boats"),
        "name-taken",
        "boats: a saved search has this name already; choose another, or rename that one",
    ),
    (
        errors.NameUnknown("concept", "gulls", ["cats", "dogs"]),
        "name-unknown",
        "gulls: no concept has this name; there are cats, dogs",
    ),
    (
        errors.InvalidEdit("rating 7: choose 1 to 5, or nothing"),
        "invalid-edit",
        "rating 7: choose 1 to 5, or nothing",
    ),
    (
        errors.EditUnknown(7),
        "edit-unknown",
        "edit 7: it may have been taken back already, or is no longer kept; `pictor edit --list` names those "
        "that can be",
    ),
    (
        errors.WebhookUnknown(7),
        "webhook-unknown",
        "webhook 7: there is none of this number; it may have been removed",
    ),
    (
        errors.VerdictNotFound(7),
        "verdict-not-found",
        "verdict 7: there is none of that number; it may have been withdrawn",
    ),
    (
        errors.NameInUse("saved search", "boats", ["ships"]),
        "name-in-use",
        "boats: the saved search is part of saved searches (ships); change or remove these first",
    ),
]
each_error = pytest.mark.parametrize(("error", "code", "message"), MADE, ids=[code for _, code, _ in MADE])


def test_every_class_of_the_family_is_made_here() -> None:
    assert {type(error) for error, _, _ in MADE} == FAMILY


def test_the_family_has_one_base() -> None:
    assert all(issubclass(kind, RetrievalError) for kind in FAMILY)
    assert RetrievalError.__bases__ == (Exception,)


@each_error
def test_an_error_has_its_code_and_its_message(error: RetrievalError, code: str, message: str) -> None:
    assert error.code == code
    assert str(error) == message


@each_error
def test_a_message_is_one_sentence_on_one_line(error: RetrievalError, code: str, message: str) -> None:
    assert str(error).isprintable()
    assert not re.search(r"[.!?]( |$)", str(error))
    assert len(str(error)) < 250


@each_error
def test_a_message_names_the_thing_first_and_then_what_to_do(
    error: RetrievalError, code: str, message: str
) -> None:
    thing, colon, advice = str(error).partition(": ")
    assert thing
    assert colon
    assert re.search(
        r"there are|choose|save|run|make|wait|copy|limit is .* \(setting|may have|give the|try again|install|leave",
        advice,
    )


def test_a_path_that_is_not_in_the_library_has_its_own_advice() -> None:
    expected = "/p/boat.jpg: not in the library; run `pictor index` on it"
    assert str(errors.ImageNotFound("/p/boat.jpg")) == expected


def test_codes_are_words_for_programs_and_differ() -> None:
    codes = [error.code for error, _, _ in MADE]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+", code) for code in codes)
    assert RetrievalError.code not in codes


@pytest.mark.parametrize(("amount", "limit"), [(200.4, 200), (0.4, 0.01), (1.04, 1), (1024.1, 1024)])
def test_an_amount_over_a_limit_is_shown_as_larger_than_the_limit(amount: float, limit: float) -> None:
    error = errors.ImageTooLarge("scan.png", amount=amount, limit=limit, unit="megapixels", setting="x")
    amounts = re.fullmatch(r"scan\.png: (\S+) megapixels; the limit is (\S+) \(setting x\)", str(error))
    assert amounts
    assert float(amounts[1]) > float(amounts[2]) > 0


@pytest.mark.parametrize("name", ["OFFLINE", "UNKNOWN", "UNFIT"])
def test_each_way_to_lack_a_backbone_has_its_own_advice(name: str) -> None:
    advice = getattr(errors.BackboneUnavailable, name)
    assert str(errors.BackboneUnavailable("vit", "why", advice)) == f"vit: why; {advice}"
    assert re.match(
        r"go online .* give a local file .* leave --backbone out|choose|give the safetensors file", advice
    )


def test_a_message_shows_the_picture_as_given_and_keeps_why_for_programs() -> None:
    error = errors.UnreadableImage(r"a\x1b.jpg", "truncated", "ends too early")
    assert (error.name, error.code, error.reason) == (r"a\x1b.jpg", "truncated", "ends too early")


def test_the_engine_raises_them_for_real(tmp_path: Path) -> None:
    with pytest.raises(errors.LibraryNotFound, match=f"^{tmp_path}: no library here"):
        Library.open(tmp_path)
    with pytest.raises(InvalidQuery, match=r"^column 1: size: is not a key"):
        parse_query("size:3")
    with pytest.raises(InvalidSetting, match=r"^batch_size = 0: "):
        Settings.resolve(tmp_path, {}, batch_size=0)

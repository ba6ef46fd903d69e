"""Real decoder processes crash, hang, run out of memory and send nonsense; the run goes on."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexer.run.decode import LOOKAHEAD, FilePage, Outcome, decode_files
from indexer.run.sources import FoundFile
from retrieval import DecodingImpossible, Limits, Problem, UnreadableImage, images
from retrieval.pictures.decoder_pool import DecoderPool
from retrieval.pictures.decoder_process import MAX_FILES, DecoderProcess
from tests.drawing import draw_scene, encode_picture, write_scenes
from tests.indexer.command import ROOT
from tests.retrieval.pictures.decoders import NAME

NewProcesses = Callable[[], set[int]]

PATIENT = Limits(seconds=600)
TINY = encode_picture(Image.fromarray(draw_scene(1, 8, 6)), "PPM")


def make_file(path: Path, content: bytes | None = None) -> FoundFile:
    if content is not None:
        path.write_bytes(content)
    return FoundFile(os.fsencode(path), path.stat().st_size, path.stat().st_mtime_ns)


def make_files(folder: Path, *contents: bytes) -> list[FoundFile]:
    return [make_file(folder / f"{number}.ppm", content) for number, content in enumerate(contents)]


def read_outcomes(
    files: list[FoundFile], *, limits: Limits = PATIENT, threads: int = 1, known: bool = False
) -> list[Outcome]:
    return list(decode_files(files, is_known=lambda _: known, limits=limits, threads=threads, decoder=NAME))


def problem_of(outcome: Outcome) -> tuple[str, str]:
    assert isinstance(outcome, Problem)
    return outcome.code, outcome.reason


def decoder_words(outcome: Outcome) -> str:
    """What the decoder of the tests put into the picture: its process id, or the answer to an action."""
    assert isinstance(outcome, FilePage)
    assert outcome.decoded
    return outcome.decoded.image.camera


def child_processes() -> set[int]:
    tasks = Path("/proc/self/task").iterdir()
    return {int(pid) for task in tasks for pid in (task / "children").read_text().split()}


@pytest.fixture
def new_processes() -> NewProcesses:
    """The child processes since the test began; servers of other tests may have started some before."""
    before = child_processes()
    return lambda: child_processes() - before


def has_ended(process: int) -> bool:
    """Whether a process that is not our child ends within a minute."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    with os.fdopen(descriptor) as file:
        return bool(select.select([file], [], [], 60)[0])


def test_the_answer_is_what_decoding_here_gives(tmp_path: Path) -> None:
    paths = write_scenes(tmp_path, 3)
    files = [make_file(path) for path in paths]
    read = decode_files(files, is_known=lambda _: False, limits=Limits(), threads=0)
    for outcome, path in zip(read, paths, strict=True):
        assert isinstance(outcome, FilePage)
        assert outcome.decoded
        expected = images.decode_image(path.read_bytes(), name="it")
        assert np.array_equal(outcome.decoded.image.pixels, expected.pixels)
        assert outcome.decoded.image.pixels.flags.writeable
        assert outcome.decoded.thumbnail == images.encode_webp(expected.pixels, side=320)
        assert outcome.decoded.perceptual_hash == images.perceptual_hash(expected.pixels)
        assert (outcome.size, outcome.decoded.image.format) == (path.stat().st_size, "jpeg")


def test_outcomes_come_in_order_and_files_are_taken_only_a_little_ahead(tmp_path: Path) -> None:
    files = make_files(tmp_path, *(TINY[:-1] + bytes([number]) for number in range(40)))
    taken = []

    def take_files() -> Iterator[FoundFile]:
        for file in files:
            taken.append(file)
            yield file

    read = decode_files(take_files(), is_known=lambda _: False, limits=PATIENT, threads=2, decoder=NAME)
    for index, outcome in enumerate(read):
        assert isinstance(outcome, FilePage)
        assert outcome.file == files[index]
        assert len(taken) <= index + 2 * LOOKAHEAD


def test_what_is_known_is_not_decoded(tmp_path: Path) -> None:
    [outcome] = read_outcomes(make_files(tmp_path, b"do kill SIGSEGV"), known=True)
    assert isinstance(outcome, FilePage)
    assert (outcome.decoded, outcome.size, len(outcome.sha256)) == (None, 15, 64)


MISBEHAVIOUR = {
    b"do kill SIGSEGV": ("decoder-crashed", "SIGSEGV"),
    b"do kill SIGABRT": ("decoder-crashed", "SIGABRT"),
    b"do kill SIGKILL": ("out-of-memory", "memory ran out"),
    b"do kill SIGXCPU": ("timeout", "600 seconds"),
    b"do nonsense": ("decoder-crashed", "exit status 1"),
    b"do babble 2": ("decoder-crashed", "unexpected answer"),
    b"do babble 2000000000": ("decoder-crashed", "unexpected answer"),
}


def test_a_file_that_ends_its_worker_is_a_problem_and_the_next_one_is_read(
    tmp_path: Path, new_processes: NewProcesses
) -> None:
    read = read_outcomes(
        make_files(tmp_path, *(content for action in MISBEHAVIOUR for content in (action, TINY)))
    )
    for outcome, (code, words) in zip(read[::2], MISBEHAVIOUR.values(), strict=True):
        assert problem_of(outcome)[0] == code
        assert words in problem_of(outcome)[1]
    assert len({decoder_words(outcome) for outcome in read[1::2]}) == len(MISBEHAVIOUR)
    assert not new_processes()


def test_a_file_that_needs_too_much_memory_is_refused_and_its_worker_lives(tmp_path: Path) -> None:
    before, hurt, after = read_outcomes(make_files(tmp_path, TINY, b"do allocate 99000000000", TINY))
    assert problem_of(hurt)[0] == "out-of-memory"
    assert decoder_words(before) == decoder_words(after)


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    slow, after = read_outcomes(make_files(tmp_path, b"do sleep 600", TINY), limits=Limits(seconds=0.5))
    assert problem_of(slow) == (
        "timeout",
        "not decoded within 0.5 seconds (setting decode_seconds); allow more, or save it again",
    )
    assert isinstance(after, FilePage)


def test_a_worker_is_replaced_after_a_number_of_files(tmp_path: Path) -> None:
    one = make_file(tmp_path / "one.ppm", TINY)
    processes = [decoder_words(outcome) for outcome in read_outcomes([one] * (MAX_FILES + 1))]
    assert len(set(processes[:MAX_FILES])) == 1
    assert processes[MAX_FILES] != processes[0]


def test_a_worker_that_has_grown_is_replaced(tmp_path: Path) -> None:
    first, _, third, fourth = read_outcomes(make_files(tmp_path, TINY, b"do leak 600000000", TINY, TINY))
    assert decoder_words(first) != decoder_words(third) == decoder_words(fourth)


def test_a_worker_loads_little(tmp_path: Path) -> None:
    [outcome] = read_outcomes(make_files(tmp_path, b"do modules "))
    loaded = set(decoder_words(outcome).split())
    assert {"numpy", "PIL", "retrieval"} <= loaded
    assert not loaded & {"sqlalchemy", "alembic", "torch", "faiss", "whoosh", "cv2", "flask", "click"}


def test_a_worker_writes_no_file_and_leaves_no_core(tmp_path: Path) -> None:
    files = make_files(tmp_path, b"do write %s/out" % os.fsencode(tmp_path), b"do limits ")
    wrote, limits = read_outcomes(files)
    assert decoder_words(wrote) == "File too large"
    assert decoder_words(limits) == "0 32"


def test_what_decoders_print_reaches_nobody(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    read_outcomes(make_files(tmp_path, b"do complain TIFFReadDirectory: Warning"))
    assert capfd.readouterr() == ("", "")


def test_there_are_no_more_workers_than_files(tmp_path: Path, new_processes: NewProcesses) -> None:
    read = decode_files(
        make_files(tmp_path, TINY, TINY), is_known=lambda _: False, limits=PATIENT, threads=9, decoder=NAME
    )
    next(read)
    assert len(new_processes()) <= 2
    read.close()  # type: ignore[attr-defined]
    assert not new_processes()


def test_whoever_stops_early_waits_for_no_file(tmp_path: Path, new_processes: NewProcesses) -> None:
    read = decode_files(
        make_files(tmp_path, TINY, b"do sleep 600"),
        is_known=lambda _: False,
        limits=PATIENT,
        threads=2,
        decoder=NAME,
    )
    next(read)
    read.close()  # type: ignore[attr-defined]
    assert not new_processes()


def test_an_interrupt_does_not_reach_workers(tmp_path: Path) -> None:
    with DecoderPool(PATIENT) as pool, pool.borrow_process() as process:
        process.open_file(make_file(tmp_path / "one.ppm", TINY).path)
        os.kill(process.pid, signal.SIGINT)
        assert process.decode_page().image.width == 8
        assert os.getpgid(process.pid) != os.getpgid(0)


def test_workers_do_not_outlive_the_run(tmp_path: Path) -> None:
    spinning = tmp_path / "spinning"
    file = make_file(tmp_path / "it.ppm", b"do spin " + os.fsencode(spinning))
    code = (
        "from retrieval.pictures.decoder_process import DecoderProcess; from retrieval import Limits\n"
        f"idle, busy = (DecoderProcess(Limits(seconds=0.2), {NAME!r}) for _ in range(2))\n"
        f"idle.open_file({file.path!r}); busy.open_file({file.path!r}); print(idle.pid, busy.pid, flush=True)\n"
        "busy._deadline += 600; busy.decode_page()"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as run:
        assert run.stdout
        pids = [int(pid) for pid in run.stdout.readline().split()]
        while not spinning.exists():
            time.sleep(0.01)
        run.kill()
    assert all(has_ended(pid) for pid in pids)


def test_content_is_decoded_like_a_file(tmp_path: Path) -> None:
    with DecoderPool(PATIENT) as pool, pool.borrow_process() as process:
        opened = process.open_file(make_file(tmp_path / "one.ppm", TINY).path)
        from_file = process.decode_page()
        assert process.open_content(TINY, "it") == opened
        assert np.array_equal(process.decode_page().image.pixels, from_file.image.pixels)
        process.open_content(b"no picture", "it")
        with pytest.raises(UnreadableImage, match=r"^it: "):
            process.decode_page()


def test_a_worker_that_does_not_listen_is_given_up() -> None:
    process = DecoderProcess(Limits(seconds=0.5), "retrieval.pictures.images:decode_image")
    process.open_content(TINY, "it")
    process.close_file()
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(UnreadableImage, match="not decoded within"):
        process.open_content(bytes(20_000_000), "it")
    assert not process.is_alive


def test_a_worker_that_died_while_nobody_needed_it_costs_no_picture(tmp_path: Path) -> None:
    with DecoderPool(PATIENT) as pool:
        with pool.borrow_process() as first:
            first.open_content(TINY, "it")
            first.close_file()
        os.kill(first.pid, signal.SIGKILL)
        first._process.wait()
        with pool.borrow_process() as second:
            assert len(second.open_content(TINY, "it").sha256) == 64
        assert second.pid != first.pid


def test_a_worker_that_cannot_start_is_an_error_of_its_own(
    tmp_path: Path, new_processes: NewProcesses
) -> None:
    read = decode_files(
        make_files(tmp_path, TINY),
        is_known=lambda _: False,
        limits=Limits(),
        threads=1,
        decoder="no.such:decoder",
    )
    with pytest.raises(DecodingImpossible, match="does not start"):
        list(read)
    assert not new_processes()


def test_a_worker_that_gets_no_time_to_start_is_not_said_to_answer_nonsense(
    monkeypatch: pytest.MonkeyPatch, new_processes: NewProcesses
) -> None:
    monkeypatch.setattr("retrieval.pictures.decoder_process.START_SECONDS", 0.1)
    process = DecoderProcess(Limits())
    os.kill(process.pid, signal.SIGSTOP)  # as on a machine that is far too busy
    with pytest.raises(DecodingImpossible, match=r"not ready after 0\.1 seconds"):
        process.open_content(TINY, "it")
    assert process.is_worn_out
    assert not new_processes()


def test_the_largest_legal_picture_fits_into_memory_and_a_larger_one_is_refused_small(tmp_path: Path) -> None:
    legal = encode_picture(Image.new("P", (7000, 7000), 3), "PNG")  # 49 megapixels in some kB
    process = DecoderProcess(Limits(max_megapixels=50), "retrieval.pictures.images:decode_image")
    process.open_file(make_file(tmp_path / "legal.png", legal).path)
    assert process.decode_page().image.width == 7000
    assert peak_memory(process) < 500 << 20
    process.end_process()
    process = DecoderProcess(Limits(max_megapixels=40), "retrieval.pictures.images:decode_image")
    process.open_file(make_file(tmp_path / "legal.png").path)
    with pytest.raises(UnreadableImage, match="49 megapixels; the limit is 40"):
        process.decode_page()
    assert peak_memory(process) < 200 << 20
    process.end_process()


def peak_memory(process: DecoderProcess) -> int:
    """The most bytes of memory that a process has held."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) << 10

"""A student comes nearer to its teacher, and a broken training ends as an unbroken one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from torch import nn

from indexer.errors import TrainingImpossible
from indexer.run.stop_signals import StopRequest, handle_stop_signals
from indexer.training.chain import Chain, fold_network, start_like
from indexer.training.curve import CURVE, load_lines
from indexer.training.distil import UPDATES, Distillation, choose_part
from indexer.training.feeding import ThreadFeed
from indexer.training.keeping import CHECKPOINT, PAUSE, Keeping, take_over
from indexer.training.losses import Losses
from indexer.training.pool import Pool
from indexer.training.schedule import Schedule
from indexer.training.stages import Adapted, Stages
from indexer.training.views import Views
from retrieval import Preprocessing
from tests.indexer.training.test_pool import made, write

NAME, SIZE = "mobilenetv2_035", 32
SCALE = Preprocessing(size=SIZE)


Unbroken = tuple[dict[str, torch.Tensor], Path]


class Stopped(Exception):
    pass


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    folder = tmp_path_factory.mktemp("pictures")
    return made(folder / "pool", write(folder / "a", range(12)))


def network(name: str, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    whole: nn.Module = timm.create_model(name, num_classes=0)
    return whole.eval()


def chains(
    pool: Pool, schedule: Schedule, keeping: Keeping, losses: Losses | None = None
) -> tuple[Distillation, Chain]:
    views = Views(pool, SIZE, schedule.seed)
    teacher, student = Chain(fold_network(network(NAME, 1))), Chain(network(NAME, 2))
    sample = torch.from_numpy(views.make_batch(10**6, 16)).permute(0, 3, 1, 2)
    start_like(student, teacher, sample)
    folded = Chain(fold_network(student.network))
    return Distillation(teacher, folded, ThreadFeed(views, SCALE), schedule, keeping, losses), folded


def trained(pool: Pool, schedule: Schedule, folder: Path, every: int = 4) -> dict[str, torch.Tensor]:
    """What a student has learned when a training, or the rest of one, is over."""
    folder.mkdir(exist_ok=True)
    training, student = chains(pool, schedule, Keeping(folder, every))
    training.run(lambda *event: None)
    return student.network.state_dict()


@pytest.fixture(scope="module")
def unbroken(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Schedule], Unbroken]:
    """What trainings that nobody breaks off learn and where they write, made once for each schedule."""

    @lru_cache
    def train_unbroken(schedule: Schedule) -> Unbroken:
        folder = tmp_path_factory.mktemp("unbroken")
        return trained(pool, schedule, folder), folder

    return train_unbroken


def read_curve(folder: Path) -> list[dict[str, Any]]:
    return load_lines(folder / CURVE)


def are_equal(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> bool:
    """Whether two students are the same to the last bit."""
    return all(torch.equal(found[name], value) for name, value in wanted.items())


def test_both_phases_bring_the_student_nearer(pool: Pool, tmp_path: Path) -> None:
    losses: dict[str, list[float]] = {"apart": [], "together": []}
    training, _ = chains(
        pool, Schedule(apart=25, together=25, batch=16, together_rate=1e-3), Keeping(tmp_path)
    )
    training.run(lambda phase, done, total, loss: losses[phase].append(loss))
    assert {name: len(phase) for name, phase in losses.items()} == {"apart": 25, "together": 25}
    for phase in losses.values():
        assert sum(phase[-5:]) < 0.9 * sum(phase[:5])


@pytest.mark.parametrize(("phase", "step"), [("apart", 6), ("together", 2), ("together", 5)])
def test_a_broken_training_ends_as_an_unbroken_one(
    pool: Pool, tmp_path: Path, unbroken: Callable[[Schedule], Unbroken], phase: str, step: int
) -> None:
    schedule = Schedule(apart=9, together=7, batch=8)

    def stop(name: str, done: int, total: int, loss: float) -> None:
        if (name, done) == (phase, step):
            raise Stopped

    (tmp_path / "broken").mkdir()
    wanted, whole = unbroken(schedule)
    broken, _ = chains(pool, schedule, Keeping(tmp_path / "broken", 4))
    with pytest.raises(Stopped):
        broken.run(stop)
    assert are_equal(trained(pool, schedule, tmp_path / "broken"), wanted)
    seconds = {"seconds": 0.0}
    lines = [[line | seconds for line in read_curve(folder)] for folder in (whole, tmp_path / "broken")]
    assert [line["step"] for line in lines[0]] == [4, 8, 9, 4, 7]
    assert lines[0] == lines[1]


@pytest.mark.parametrize(("phase", "step"), [("apart", 3), ("together", 1), ("together", 6)])
def test_a_signal_leaves_a_checkpoint_of_the_step_in_hand(
    pool: Pool, tmp_path: Path, unbroken: Callable[[Schedule], Unbroken], phase: str, step: int
) -> None:
    schedule = Schedule(apart=9, together=7, batch=8)
    wanted, _ = unbroken(schedule)
    (tmp_path / "stopped").mkdir()
    with handle_stop_signals(lambda: None) as stopping:
        training, _ = chains(pool, schedule, Keeping(tmp_path / "stopped", 100, stopping))

        def stop(name: str, done: int, total: int, loss: float) -> None:
            if (name, done) == (phase, step):
                signal.raise_signal(signal.SIGTERM)

        with pytest.raises(KeyboardInterrupt):
            training.run(stop)
    checkpoint = torch.load(tmp_path / "stopped" / CHECKPOINT, weights_only=True)
    assert (checkpoint["phase"], checkpoint["step"]) == (phase, step)
    assert are_equal(trained(pool, schedule, tmp_path / "stopped", 100), wanted)


def test_a_file_pauses_a_training_behind_a_checkpoint(pool: Pool, tmp_path: Path) -> None:
    schedule = Schedule(apart=0, together=6, batch=8)
    wanted = trained(pool, schedule, tmp_path / "whole", 100)
    paused, saved = tmp_path / "paused", threading.Event()
    paused.mkdir()
    keeping = Keeping(paused, 100, on_save=saved.set)
    training, student = chains(pool, schedule, keeping)

    def resume() -> None:
        saved.wait()
        (paused / PAUSE).unlink()

    waiter = threading.Thread(target=resume)
    waiter.start()
    steps: list[int] = []

    def pause(phase: str, done: int, total: int, loss: float) -> None:
        steps.append(done)
        if done == 3:
            (paused / PAUSE).touch()

    training.run(pause)
    waiter.join()
    assert steps == [1, 2, 3, 4, 5, 6]
    assert [line["step"] for line in read_curve(paused)] == [3, 6]
    assert are_equal(student.network.state_dict(), wanted)


def test_a_stop_ends_a_pause(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / PAUSE).touch()
    stopping = StopRequest()

    def stop() -> None:
        stopping.signal_number = signal.SIGTERM

    training, _ = chains(
        pool, Schedule(apart=0, together=6, batch=8), Keeping(tmp_path, 100, stopping, on_save=stop)
    )
    with pytest.raises(KeyboardInterrupt):
        training.run(lambda *event: None)
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True)["step"] == 1


def test_another_schedule_does_not_go_on_from_a_checkpoint(pool: Pool, tmp_path: Path) -> None:
    trained(pool, Schedule(apart=4, together=4, batch=8), tmp_path)
    for other in (
        Schedule(apart=8, together=4, batch=8),
        Schedule(apart=4, together=4, batch=4),
        Schedule(apart=4, together=8, batch=8),
    ):
        with pytest.raises(TrainingImpossible, match="another schedule"):
            trained(pool, other, tmp_path)


def test_steps_are_added_while_the_rate_is_constant(pool: Pool, tmp_path: Path) -> None:
    short, long = (Schedule(apart=0, together=steps, batch=8, decay=3) for steps in (5, 9))
    wanted = trained(pool, long, tmp_path / "long")
    (tmp_path / "short").mkdir()
    training, _ = chains(pool, short, Keeping(tmp_path / "short", 2))

    def stop(phase: str, done: int, total: int, loss: float) -> None:
        if done == 3:
            raise Stopped

    with pytest.raises(Stopped):
        training.run(stop)
    assert are_equal(trained(pool, long, tmp_path / "short"), wanted)
    with pytest.raises(TrainingImpossible, match="another schedule"):
        trained(pool, replace(long, together=20), tmp_path / "short")


def test_a_training_is_finished_elsewhere_and_goes_on_itself(pool: Pool, tmp_path: Path) -> None:
    open_ended, ended = (Schedule(apart=2, together=steps, batch=8, decay=2) for steps in (100, 5))
    wanted = trained(pool, ended, tmp_path / "ended")
    source, target = tmp_path / "open", tmp_path / "finished"
    source.mkdir()
    target.mkdir()
    with pytest.raises(TrainingImpossible, match="not there"):
        take_over(source, target, 2)

    def stop(phase: str, done: int, total: int, loss: float) -> None:
        if (phase, done) == ("together", 4):
            raise Stopped

    with pytest.raises(Stopped):
        chains(pool, open_ended, Keeping(source, 3))[0].run(stop)
    before = (source / CHECKPOINT).read_bytes()
    schedule = take_over(source, target, 2)
    assert schedule == ended
    assert are_equal(trained(pool, schedule, target), wanted)
    assert (source / CHECKPOINT).read_bytes() == before
    assert [line["step"] for line in read_curve(target)] == [2, 3, 4, 5]
    assert take_over(source, target, 2) == ended
    with pytest.raises(TrainingImpossible, match="constant"):
        take_over(target, tmp_path, 2)


def test_the_curve_tells_sizes_rates_and_every_loss(pool: Pool, tmp_path: Path) -> None:
    schedule = Schedule(apart=1, together=4, batch=8, decay=2, together_rate=1e-2, sizes=((0, 32), (3, 64)))
    training, _ = chains(pool, schedule, Keeping(tmp_path, 1), Losses(centred=1, relations=1))
    training.run(lambda *event: None)
    together = [line for line in read_curve(tmp_path) if line["phase"] == "together"]
    assert [line["size"] for line in together] == [32, 32, 64, 64]
    assert [line["views"] for line in together] == [8, 16, 24, 32]
    assert [line["rate"] for line in together] == pytest.approx([1e-4, 2e-4, 3e-4, 2e-4])
    assert together[0].keys() >= {"loss", "links", "pooled", "centred", "relations", "seconds"}


@pytest.mark.parametrize(("count", "side"), [(64, 80), (64, 5), (8, 5), (1, 2)])
def test_the_parts_of_a_batch_cover_it_and_those_of_one_size_are_apart(count: int, side: int) -> None:
    output = torch.empty(count, 1, side, side)
    parts = [choose_part(output, number) for number in range(UPDATES)]
    assert {place for part in parts for place in range(count)[part]} == set(range(count))
    assert len({part.stop - part.start for part in parts}) == 1
    if count == 64:
        assert not set(range(count)[parts[0]]) & set(range(count)[parts[1]])


def test_the_worst_links_learn_most(pool: Pool, tmp_path: Path) -> None:
    training, student = chains(pool, Schedule(apart=6, together=0, batch=16), Keeping(tmp_path, 6))
    training.run(lambda *event: None)
    (line,) = read_curve(tmp_path)
    errors = [line[f"link {place}"] for place in range(len(student.links))]
    assert line["loss"] == pytest.approx(sum(errors) / len(errors), abs=1e-5)
    states = torch.load(tmp_path / CHECKPOINT, weights_only=True)["optimisers"]
    updates = [int(state["state"][0]["step"]) for state in states]
    assert max(updates) == 6 * UPDATES or max(updates) > 3 * min(updates)
    assert updates[errors.index(max(errors))] > updates[errors.index(min(errors))]


def adapted(pool: Pool, schedule: Schedule, folder: Path) -> tuple[Distillation, Adapted]:
    views = Views(pool, SIZE, schedule.seed)
    teacher = Stages(network("mobilenetv2_050", 1))
    sample = torch.from_numpy(views.make_batch(10**6, 4)).permute(0, 3, 1, 2)
    torch.manual_seed(3)
    student = Adapted(Stages(network("test_resnet", 2)), teacher, sample)
    return Distillation(teacher, student, ThreadFeed(views, SCALE), schedule, Keeping(folder, 2)), student


def test_adapters_survive_a_break_too(pool: Pool, tmp_path: Path) -> None:
    schedule = Schedule(together=5, batch=8)

    def stop(name: str, done: int, total: int, loss: float) -> None:
        if done == 3:
            raise Stopped

    (tmp_path / "whole").mkdir()
    (tmp_path / "broken").mkdir()
    whole, wanted = adapted(pool, schedule, tmp_path / "whole")
    whole.run(lambda *event: None)
    with pytest.raises(Stopped):
        adapted(pool, schedule, tmp_path / "broken")[0].run(stop)
    again, found = adapted(pool, schedule, tmp_path / "broken")
    again.run(lambda *event: None)
    for name, value in wanted.state_dict().items():
        assert torch.allclose(found.state_dict()[name], value, atol=1e-4), name


def test_networks_of_different_plans_are_compared_by_stages(pool: Pool, tmp_path: Path) -> None:
    schedule = Schedule(together=25, batch=16, together_rate=3e-3)
    training, _ = adapted(pool, schedule, tmp_path)
    losses: list[float] = []
    training.run(lambda phase, done, total, loss: losses.append(loss))
    assert len(losses) == 25
    assert sum(losses[-5:]) < 0.85 * sum(losses[:5])

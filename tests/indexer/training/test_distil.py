"""A student comes nearer to its teacher, and a broken training ends as an unbroken one."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from torch import nn

from indexer.errors import TrainingImpossible
from indexer.training.chain import Chain, fold, start_like
from indexer.training.distil import Distillation, Schedule
from indexer.training.pool import Pool
from indexer.training.stages import Adapted, Stages
from indexer.training.views import Views
from retrieval import Preprocessing
from tests.indexer.training.test_pool import made, write

NAME, SIZE = "mobilenetv2_035", 64
SCALE = Preprocessing(size=SIZE)


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


def chains(pool: Pool, schedule: Schedule, folder: Path) -> tuple[Distillation, Chain]:
    views = Views(pool, SIZE, schedule.seed)
    teacher, student = Chain(fold(network(NAME, 1))), Chain(network(NAME, 2))
    sample = torch.from_numpy(views.batch(10**6, 16)).permute(0, 3, 1, 2)
    start_like(student, teacher, sample)
    folded = Chain(fold(student.network))
    return Distillation(teacher, folded, views, SCALE, schedule, folder, every=4), folded


def test_both_phases_bring_the_student_nearer(pool: Pool, tmp_path: Path) -> None:
    losses: dict[str, list[float]] = {"apart": [], "together": []}
    training, _ = chains(pool, Schedule(apart=25, together=25, batch=16, together_rate=1e-3), tmp_path)
    training.run(lambda phase, done, total, loss: losses[phase].append(loss))
    for phase in losses.values():
        assert len(phase) == 25
        assert sum(phase[-5:]) < 0.8 * sum(phase[:5])


@pytest.mark.parametrize(("phase", "step"), [("apart", 6), ("together", 2), ("together", 5)])
def test_a_broken_training_ends_as_an_unbroken_one(pool: Pool, tmp_path: Path, phase: str, step: int) -> None:
    schedule = Schedule(apart=9, together=7, batch=8)

    def stop(name: str, done: int, total: int, loss: float) -> None:
        if (name, done) == (phase, step):
            raise Stopped

    (tmp_path / "whole").mkdir()
    (tmp_path / "broken").mkdir()
    whole, wanted = chains(pool, schedule, tmp_path / "whole")
    whole.run(lambda *event: None)
    broken, _ = chains(pool, schedule, tmp_path / "broken")
    with pytest.raises(Stopped):
        broken.run(stop)
    again, found = chains(pool, schedule, tmp_path / "broken")
    again.run(lambda *event: None)
    for name, value in wanted.network.state_dict().items():
        assert torch.allclose(found.network.state_dict()[name], value, atol=1e-6), name


def test_another_schedule_does_not_go_on_from_a_checkpoint(pool: Pool, tmp_path: Path) -> None:
    chains(pool, Schedule(apart=4, together=0, batch=8), tmp_path)[0].run(lambda *event: None)
    with pytest.raises(TrainingImpossible, match="another schedule"):
        chains(pool, Schedule(apart=8, together=0, batch=8), tmp_path)[0].run(lambda *event: None)


def adapted(pool: Pool, schedule: Schedule, folder: Path) -> tuple[Distillation, Adapted]:
    views = Views(pool, SIZE, schedule.seed)
    teacher = Stages(network("mobilenetv2_050", 1))
    sample = torch.from_numpy(views.batch(10**6, 4)).permute(0, 3, 1, 2)
    torch.manual_seed(3)
    student = Adapted(Stages(network("test_resnet", 2)), teacher, sample)
    return Distillation(teacher, student, views, SCALE, schedule, folder, every=2), student


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

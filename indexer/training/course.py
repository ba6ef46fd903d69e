"""The course of a distillation: pictures, networks, links, head, and at the end one weights file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import timm
import torch
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn import functional

from retrieval import Preprocessing, fetch_backbone, path_bytes

from ..errors import TrainingImpossible
from .chain import Chain, fold, is_chain, line_up, start_like, unfolded
from .distil import Distillation, Schedule
from .head import Head, train_head
from .pool import Pool, pool_of
from .stages import Adapted, Stages
from .views import Float32, Views, scaled

METADATA = "pictor"
LABELS, CLASSES = "imagenet-1k", 1000
HELD_BACK = 10**9  # first step of the views that the head learns from: none of them was seen before

OnProgress: TypeAlias = Callable[[str, int, int, str], None]  # stage, done, total, note


@dataclass(frozen=True, slots=True)
class Teacher:
    """A timm network with weights; `arguments` go to timm, `preprocessing` overrides what it says."""

    name: str
    weights: str = "pretrained"
    arguments: Mapping[str, str] = field(default_factory=dict)
    preprocessing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Course:
    """All that a distillation is determined by; the same course gives the same student.

    `size` is the input that the student learns at, `used_at` the one that it is used at (None: the same),
    `side` the short side at which pictures are kept, all in pixels. A convolutional network often sees
    better at a slightly larger input than it learned at (Touvron et al. 2019).
    `crop` is the share of the short side of a picture that is looked at in use.
    `labels` is the teacher of the class head, which learns from `labelled` views in `epochs` rounds.
    """

    folders: tuple[Path, ...]
    out: Path
    teacher: Teacher
    student: str
    schedule: Schedule
    size: int = 160
    used_at: int | None = None
    crop: float = 1.0
    side: int = 208
    apart_from: tuple[Path, ...] = ()
    labels: Teacher | None = None
    labelled: int = 40_000
    epochs: int = 20


def distil(course: Course, on_progress: OnProgress) -> Path:
    """Train the student to the end and write its weights, float16, as `STUDENT.safetensors` into `out`.

    Broken off at any time, the same call goes on from the last checkpoint. Raises TrainingImpossible, and
    BackboneUnavailable for a teacher that cannot be had.
    """
    course.out.mkdir(parents=True, exist_ok=True)
    pool = _pool(course, on_progress)
    views = Views(pool, course.size, course.schedule.seed)
    teacher, scale = _network(course.teacher)
    torch.manual_seed(course.schedule.seed)
    student = timm.create_model(course.student, pretrained=False, num_classes=0)
    sample = _tensor(views.batch(HELD_BACK - 1, course.schedule.batch), scale)
    pair = _aligned(teacher, student, sample)
    training = Distillation(*pair, views, scale, course.schedule, course.out)
    training.run(lambda phase, done, total, loss: on_progress(phase, done, total, f"loss {loss:.4f}"))
    head = _head(course, pool, student.eval(), scale, on_progress) if course.labels else None
    path = course.out / f"{course.student}.safetensors"
    prepared = replace(scale, size=course.used_at or course.size, crop=course.crop, interpolation="bicubic")
    path.write_bytes(exported(course.student, student, prepared, head))
    return path


def _pool(course: Course, on_progress: OnProgress) -> Pool:
    return pool_of(
        course.out / "pool",
        [path_bytes(each) for each in course.folders],
        side=course.side,
        apart_from=[path_bytes(each) for each in course.apart_from],
        on_progress=lambda done, total: on_progress("pictures", done, total, ""),
    )


def _network(teacher: Teacher, *, classes: bool = False) -> tuple[Any, Preprocessing]:
    """A teacher in evaluation, with its preprocessing; with its classifier where `classes` are wanted."""
    backbone = fetch_backbone(teacher.name, teacher.weights, **teacher.preprocessing)
    from_timm = classes and teacher.weights == "pretrained"  # a backbone comes without its classifier
    kept = {} if classes else {"num_classes": 0}
    network = timm.create_model(teacher.name, pretrained=from_timm, **kept, **teacher.arguments)
    if not from_timm:
        _load(network, teacher, load(backbone.weights), classes=classes)
    return network.eval().requires_grad_(False), backbone.preprocessing


def _load(network: Any, teacher: Teacher, state: dict[str, Tensor], *, classes: bool) -> None:
    try:
        network.load_state_dict(state, strict=classes)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise TrainingImpossible(
            f"{teacher.weights}: holds no classifier of {CLASSES} classes ({reason})"
        ) from error


def _aligned(teacher: Any, student: Any, sample: Tensor) -> tuple[Any, Any]:
    """Both as chains of links where those line up, or else as stages with adapters."""
    if is_chain(teacher) and is_chain(student) and line_up(Chain(student), Chain(teacher), sample):
        chains = Chain(fold(teacher)), Chain(student)
        start_like(chains[1], chains[0], sample)
        return chains[0], Chain(fold(student))
    stages = Stages(teacher)
    return stages, Adapted(Stages(student), stages, sample)


def _tensor(views: Float32, scale: Preprocessing) -> Tensor:
    """Views as a network wants them: (view, channel, height, width), in memory with the channels last."""
    return torch.from_numpy(scaled(views, scale)).permute(0, 3, 1, 2)


def _head(
    course: Course, pool: Pool, student: nn.Module, scale: Preprocessing, on_progress: OnProgress
) -> Head:
    """Collect features and class scores of the same views, the teacher's at its own size, and fit a head."""
    assert course.labels is not None, "only called with a teacher of labels"
    teacher, wanted = _network(course.labels, classes=True)
    if teacher.num_classes != CLASSES:
        raise TrainingImpossible(
            f"{course.labels.name}: has {teacher.num_classes} classes, not {LABELS}'s {CLASSES}"
        )
    teacher.bfloat16()
    views = Views(pool, wanted.size, course.schedule.seed, plain=True)
    features, scores = [], []
    steps = -(-course.labelled // course.schedule.batch)
    for step in range(steps):
        batch = views.batch(HELD_BACK + step, course.schedule.batch)
        small = functional.interpolate(
            _tensor(batch, scale),
            course.used_at or course.size,
            mode="bilinear",
            antialias=True,
            align_corners=False,
        )
        with torch.no_grad():
            scores.append(teacher(_tensor(batch, wanted).bfloat16()).half())
            with torch.autocast("cpu", torch.bfloat16):
                features.append(student(small).half())
        on_progress("scores", step + 1, steps, "")
    return train_head(
        torch.cat(features),
        torch.cat(scores),
        epochs=course.epochs,
        seed=course.schedule.seed,
        on_step=lambda done, total, loss: on_progress("head", done, total, f"loss {loss:.4f}"),
    )


def exported(name: str, student: nn.Module, prepared: Preprocessing, head: Head | None) -> bytes:
    """The student as the bytes of a weights file that says what it is and how pictures come to it."""
    fresh = timm.create_model(name, pretrained=False, num_classes=0)
    state = student.state_dict()
    if state.keys() != fresh.state_dict().keys():
        state = unfolded(state, fresh)
    said: dict[str, Any] = {"backbone": name, "preprocessing": prepared.as_json()}
    if head:
        classifier = fresh.default_cfg["classifier"]
        state |= {f"{classifier}.weight": head.weight, f"{classifier}.bias": head.bias}
        said |= {"labels": LABELS, "temperature": head.temperature}
    halves = {key: _half(each) for key, each in state.items()}
    saved: bytes = save(halves, {METADATA: json.dumps(said)})
    return saved


def _half(tensor: Tensor) -> Tensor:
    return tensor.half().contiguous() if tensor.is_floating_point() else tensor

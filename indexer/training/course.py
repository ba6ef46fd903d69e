"""The course of a distillation: pictures, networks, links, head, and at the end one weights file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from retrieval import Preprocessing, path_bytes

from ..errors import TrainingImpossible
from ..run.stop_signals import StopRequest
from .chain import Chain
from .distil import Distillation
from .feeding import DeviceFeed, Feed, ThreadFeed
from .head import Head, train_head
from .keeping import Keeping, take_over
from .losses import Losses
from .networks import (
    CLASSES,
    LABELS,
    Teacher,
    align_networks,
    load_head,
    make_student,
    make_teacher,
    write_weights,
)
from .pool import Pool
from .pool_maker import provide_pool
from .schedule import Schedule
from .squares import load_squares
from .views import Float32, Views, scale_views

HELD_BACK = 10**9  # first step of the views that the head learns from: none of them was seen before

OnProgress: TypeAlias = Callable[[str, int, int, str], None]  # stage, done, total, note


@dataclass(frozen=True, slots=True)
class Course:
    """All that a distillation is determined by; the same course gives the same student.

    `size` is the input that the student learns at where the schedule names no other, `used_at` the one that
    it is used at (None: the same), `side` the short side at which pictures are kept, all in pixels.
    A convolutional network often sees better at a slightly larger input than it learned at (Touvron et al.
    2019).
    `crop` is the share of the short side of a picture that is looked at in use.
    `favours` says for some folders how many times as often as usual their pictures are seen.
    `start` is a weights file to begin with, `finish` the folder of another training that is to be ended.
    `pool` is where the decoded pictures lie (None: in `out`).
    On another `device`, such as cuda, views are drawn there, from pictures squeezed to `square`
    pixels each way.
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
    favours: tuple[tuple[Path, float], ...] = ()
    losses: Losses = field(default_factory=Losses)
    start: Path | None = None
    finish: Path | None = None
    pool: Path | None = None
    every: int = 200
    device: str = "cpu"
    square: int = 192
    labels: Teacher | None = None
    labelled: int = 40_000
    epochs: int = 20

    @property
    def weights(self) -> Path:
        """Where the student's weights are written."""
        return self.out / f"{self.student}.safetensors"


def distil(course: Course, on_progress: OnProgress, stopping: StopRequest | None = None) -> Path:
    """Train the student to the end and write its weights, float16, as `STUDENT.safetensors` into `out`.

    The file is written anew with every checkpoint, without a head until the end. Broken off at any time, the
    same call goes on from the last checkpoint. Raises TrainingImpossible, and BackboneUnavailable for a
    teacher that cannot be had.
    """
    course.out.mkdir(parents=True, exist_ok=True)
    course = _settle_schedule(course)
    stopping = stopping or StopRequest()
    pool = _provide_pool(course, on_progress, stopping)
    views = Views(pool, course.size, course.schedule.seed)
    teacher, scale = make_teacher(course.teacher)
    student = make_student(course.student, course.schedule.seed, course.start)
    sample = _make_tensor(views.make_batch(HELD_BACK - 1, course.schedule.batch), scale)
    pair = align_networks(teacher, student, sample, like=course.start is None)
    prepared = replace(scale, size=_get_used_size(course), crop=course.crop, interpolation="bicubic")

    def write(head: Head | None = None) -> None:
        write_weights(course.weights, course.student, student, prepared, head)

    keeping = Keeping(course.out, course.every, stopping, write)
    feed = _make_feed(course, views, scale)
    teacher, learner = (network.to(course.device) for network in pair)
    head = _load_start_head(course, learner) if course.losses.classes else None
    training = Distillation(teacher, learner, feed, course.schedule, keeping, course.losses, head)
    training.run(lambda phase, done, total, loss: on_progress(phase, done, total, f"loss {loss:.4f}"))
    student = student.cpu().eval()
    write(_learn_head(course, pool, student, scale, on_progress) if course.labels else None)
    return course.weights


def _settle_schedule(course: Course) -> Course:
    """The course with the schedule of the training that it is to finish, if there is one."""
    if not course.finish:
        return course
    asked = course.schedule
    if asked.decay is None:
        raise TrainingImpossible("finishing a training takes some steps; say how many with --decay")
    ending = take_over(course.finish, course.out, asked.decay)
    return replace(course, schedule=replace(ending, sizes=asked.sizes))


def _load_start_head(course: Course, learner: nn.Module) -> Head:
    """The head that classes are compared with: that of the weights which the student starts from."""
    if not course.start or not isinstance(learner, Chain):
        raise TrainingImpossible(
            "the loss `classes` reads the teacher's features with the student's own head: give --start "
            "weights that have one, and a teacher of the same plan"
        )
    return load_head(course.student, course.start)


def _make_feed(course: Course, views: Views, scale: Preprocessing) -> Feed:
    """Views from threads, or, on another device than the processor, from its own memory."""
    if course.device == "cpu":
        return ThreadFeed(views, scale)
    squares = load_squares(views.pool, course.square, course.device)
    return DeviceFeed(squares, scale, seed=views.seed, size=views.size)


def _get_used_size(course: Course) -> int:
    """The input in use: as asked for, or the last that the student learns at."""
    return course.used_at or course.schedule.get_size(HELD_BACK, course.size)


def _provide_pool(course: Course, on_progress: OnProgress, stopping: StopRequest) -> Pool:
    """The pool; while it is made, the file that pauses a training is looked for behind every picture."""
    keeping = Keeping(course.out, stopping=stopping)

    def show(done: int, total: int) -> None:
        on_progress("pictures", done, total, "")
        keeping.wait()

    favours = dict(course.favours)
    if strange := favours.keys() - set(course.folders):
        raise TrainingImpossible(f"{min(strange)}: is favoured, but none of the folders with pictures")
    return provide_pool(
        course.pool or course.out / "pool",
        [path_bytes(folder) for folder in course.folders],
        side=course.side,
        apart_from=[path_bytes(folder) for folder in course.apart_from],
        on_progress=show,
        favours=tuple(favours.get(folder, 1.0) for folder in course.folders),
    )


def _make_tensor(views: Float32, scale: Preprocessing) -> Tensor:
    """Views as a network wants them: (view, channel, height, width), in memory with the channels last."""
    return torch.from_numpy(scale_views(views, scale)).permute(0, 3, 1, 2)


def _learn_head(
    course: Course, pool: Pool, student: nn.Module, scale: Preprocessing, on_progress: OnProgress
) -> Head:
    """Collect features and class scores of the same views, the teacher's at its own size, and fit a head."""
    assert course.labels is not None, "only called with a teacher of labels"
    teacher, wanted = make_teacher(course.labels, classes=True)
    if teacher.num_classes != CLASSES:
        raise TrainingImpossible(
            f"{course.labels.name}: has {teacher.num_classes} classes, not {LABELS}'s {CLASSES}"
        )
    teacher.bfloat16()
    views = Views(pool, wanted.size, course.schedule.seed, plain=True)
    features, scores = [], []
    steps = -(-course.labelled // course.schedule.batch)
    for step in range(steps):
        batch = views.make_batch(HELD_BACK + step, course.schedule.batch)
        small = _shrink_views(_make_tensor(batch, scale), _get_used_size(course))
        with torch.no_grad():
            scores.append(teacher(_make_tensor(batch, wanted).bfloat16()).half())
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


def _shrink_views(views: Tensor, size: int) -> Tensor:
    return functional.interpolate(views, size, mode="bilinear", antialias=True, align_corners=False)

"""Where the views of a step come from: threads that draw them ahead, or the device that learns from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

from retrieval import Preprocessing

from ..run.prefetch import prefetch_results
from .squares import Squares, draw_views
from .views import Float32, Views, scale_views

WAITING = 3  # batches that are ready before they are wanted

Wanted: TypeAlias = tuple[int, int]  # step, pixels of its views


class Feed(Protocol):
    """Gives views; the same step has the same views, always."""

    @property
    def size(self) -> int:
        """The size of views where nobody asked for another, in pixels."""

    def provide_views(self, steps: Iterable[Wanted], count: int) -> Iterator[Tensor]:
        """The scaled views of the steps: bfloat16, (view, channel, height, width), channels last."""


class ThreadFeed:
    """Views that a thread draws with NumPy while the step before is computed."""

    def __init__(self, views: Views, scale: Preprocessing) -> None:
        """`scale` gives mean and spread of the teacher's input."""
        self._views, self._scale = views, scale

    @property
    def size(self) -> int:
        return self._views.size

    def provide_views(self, steps: Iterable[Wanted], count: int) -> Iterator[Tensor]:
        def draw(wanted: Wanted) -> Float32:  # NumPy alone, for it runs in a thread
            step, size = wanted
            return scale_views(replace(self._views, size=size).make_batch(step, count), self._scale)

        for views in prefetch_results(draw, steps, name="views", threads=1, count=WAITING):
            yield torch.from_numpy(views).bfloat16().permute(0, 3, 1, 2)


class DeviceFeed:
    """Views that are drawn where they are learned from, out of pictures in the device's own memory."""

    def __init__(self, squares: Squares, scale: Preprocessing, *, seed: int, size: int) -> None:
        """`scale` gives mean and spread of the teacher's input."""
        self._squares, self._seed, self._size = squares, seed, size
        shape, device = (1, 3, 1, 1), squares.pixels.device
        self._mean = torch.tensor(scale.mean, device=device).view(shape)
        self._std = torch.tensor(scale.std, device=device).view(shape)

    @property
    def size(self) -> int:
        return self._size

    def provide_views(self, steps: Iterable[Wanted], count: int) -> Iterator[Tensor]:
        for step, size in steps:
            random = torch.Generator(self._squares.pixels.device)
            random.manual_seed(self._seed * 2**32 + step)
            views = draw_views(self._squares, count, size, random)
            yield ((views - self._mean) / self._std).bfloat16().to(memory_format=torch.channels_last)

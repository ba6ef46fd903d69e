"""Pictures in the memory of a device, and views drawn there: the same crops, colours and mixtures as
views.py and mixing.py make, for thousands of views a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from retrieval import images

from ..run.prefetch import prefetch_results
from .mixing import COLOURED, CUT_IN, GREY, LAID_OVER, PART, STRENGTH
from .pool import Pool
from .pool_maker import LOOKAHEAD, THREADS
from .views import AREA, ASPECT, HARD, HARD_AREA

FINER = 2  # times as many points each way are looked up and averaged, so that nothing flickers


@dataclass(frozen=True, slots=True, eq=False)
class Squares:
    """Pictures squeezed to squares, (picture, 3, side, side) in uint8, and how wide each was for its height.

    `cumulated` are their cumulated chances.
    """

    pixels: Tensor
    aspects: Tensor
    cumulated: Tensor


def load_squares(pool: Pool, side: int, device: str) -> Squares:
    """All pictures of a pool on a device."""

    def squeeze(place: int) -> images.RGB:
        return images.resize_pixels(pool.get_picture(place), side, side)

    pixels = torch.empty((len(pool), 3, side, side), dtype=torch.uint8)
    for place, square in enumerate(
        prefetch_results(squeeze, range(len(pool)), name="squares", threads=THREADS, count=LOOKAHEAD)
    ):
        pixels[place] = torch.from_numpy(np.ascontiguousarray(square)).permute(2, 0, 1)
    aspects = (pool.rows["width"] / pool.rows["height"]).astype(np.float32)
    return Squares(
        pixels.to(device), torch.from_numpy(aspects).to(device), torch.from_numpy(pool.cumulated).to(device)
    )


def draw_views(squares: Squares, count: int, size: int, random: torch.Generator) -> Tensor:
    """Views as Views.make_batch says, (view, 3, size, size); the generator is one of the device."""
    chances = _draw(random, count).double()
    places = torch.searchsorted(squares.cumulated, chances).clamp_max(len(squares.aspects) - 1)
    boxes = choose_boxes(squares.aspects[places], random)
    views = crop_boxes(squares.pixels[places], boxes, size)
    views = change_colours(views, random)
    views = lay_over(views, random)
    return cut_in(views, random)


def choose_boxes(aspects: Tensor, random: torch.Generator) -> Tensor:
    """A crop of each picture as (left, top, width, height), shares of the picture; mirrored ones have a
    negative width, and `left` is where they begin.
    """
    count = len(aspects)
    hard = _draw(random, count) < HARD
    area = torch.where(hard, _draw(random, count, *HARD_AREA), _draw(random, count, *AREA))
    shape = _draw(random, count, *np.log(ASPECT).tolist()).exp() / aspects
    wide, tall = (area * shape).sqrt().clamp_max(1), (area / shape).sqrt().clamp_max(1)
    left, top = _draw(random, count) * (1 - wide), _draw(random, count) * (1 - tall)
    mirrored = _draw(random, count) < 0.5
    left, wide = torch.where(mirrored, left + wide, left), torch.where(mirrored, -wide, wide)
    return torch.stack([left, top, wide, tall], dim=1)


def crop_boxes(pixels: Tensor, boxes: Tensor, size: int) -> Tensor:
    """What the boxes show of the pictures, in size × size pixels and 0 to 1."""
    left, top, wide, tall = boxes.unbind(dim=1)
    nothing = torch.zeros_like(left)
    across = torch.stack([wide, nothing, 2 * left + wide - 1], dim=1)
    down = torch.stack([nothing, tall, 2 * top + tall - 1], dim=1)
    points = [len(boxes), 3, size * FINER, size * FINER]
    grid = functional.affine_grid(torch.stack([across, down], dim=1), points, align_corners=False)
    found = functional.grid_sample(pixels.float() / 255, grid, padding_mode="border", align_corners=False)
    return functional.avg_pool2d(found, FINER)


def change_colours(views: Tensor, random: torch.Generator) -> Tensor:
    """Change brightness, contrast and saturation of some views, and take the colours of a few."""
    count = len(views)
    changes = _draw(random, (3, count), 1 - STRENGTH, 1 + STRENGTH)
    changes[:, _draw(random, count) >= COLOURED] = 1
    changes[2, _draw(random, count) < GREY] = 0
    brightness, contrast, saturation = changes.view(3, count, 1, 1, 1)
    grey = views.mean(dim=1, keepdim=True)
    middle = views.mean(dim=(1, 2, 3), keepdim=True)
    coloured = grey + (views - grey) * saturation
    changed: Tensor = (middle + (coloured - middle) * contrast) * brightness
    return changed


def lay_over(views: Tensor, random: torch.Generator) -> Tensor:
    """Lay over some views the one before them, at up to half its strength."""
    count = len(views)
    shares = _draw(random, count, 0, 0.5) * (_draw(random, count) < LAID_OVER)
    shares = shares.view(count, 1, 1, 1)
    return views * (1 - shares) + views.roll(1, dims=0) * shares


def cut_in(views: Tensor, random: torch.Generator) -> Tensor:
    """Put into some views a rectangle of the view two before them, from the same place."""
    count, _, size, _ = views.shape
    chosen = _draw(random, count) < CUT_IN
    area, shape = _draw(random, count, *PART), _draw(random, count, -0.5, 0.5).exp()
    rows = _choose_stretch((area * shape).sqrt().clamp_max(1), size, random)
    columns = _choose_stretch((area / shape).sqrt().clamp_max(1), size, random)
    part = chosen.view(count, 1, 1) & rows.view(count, size, 1) & columns.view(count, 1, size)
    return torch.where(part.unsqueeze(1), views.roll(2, dims=0), views)


def _choose_stretch(share: Tensor, size: int, random: torch.Generator) -> Tensor:
    """Which of `size` places in a row lie in a stretch of this share, anywhere: (view, place)."""
    first = (_draw(random, len(share)) * (1 - share)).unsqueeze(1)
    places = (torch.arange(size, device=share.device) + 0.5) / size
    return (places >= first) & (places < first + share.unsqueeze(1))


def _draw(random: torch.Generator, shape: Any, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Numbers that are spread evenly from low to high, on the generator's device."""
    numbers = torch.rand(shape, generator=random, device=random.device)
    return low + (high - low) * numbers

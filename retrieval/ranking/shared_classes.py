"""Which classes a text and a picture have in common, by the rows of a classifier. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Float32Matrix, Float32Vector, Float64Vector

NEAREST = 20  # classes of a text, and of a picture, that can be shared
MOST_SHARED = 3


@dataclass(frozen=True, slots=True)
class SharedClass:
    """The index of a class, and its cosines with the text and with the picture."""

    index: int
    text: float
    picture: float


def find_shared_classes(
    text: Float32Vector, picture: Float32Vector, weight: Float32Matrix
) -> list[SharedClass]:
    """The classes that are among the nearest of both, at most MOST_SHARED, by the product of their cosines.

    Where there are none, those among the nearest of the picture: more classes than NEAREST are kinds of a
    general word (*dog*).
    `weight` is the matrix (class, dimension) of a classifier. Its rows are centred: what all classes have in
    common tells nothing. Only positive cosines count; equal products are ordered by the index of the class.
    """
    rows = weight - weight.mean(axis=0)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    of_text, of_picture = (_cosines(rows, vector) for vector in (text, picture))
    nearest = [
        set(np.argsort(-cosines, kind="stable")[:NEAREST].tolist()) for cosines in (of_text, of_picture)
    ]
    positive = set(np.flatnonzero(np.minimum(of_text, of_picture) > 0).tolist())
    shared = [
        SharedClass(index, float(of_text[index]), float(of_picture[index]))
        for index in sorted(nearest[0] & nearest[1] & positive or nearest[1] & positive)
    ]
    return sorted(shared, key=lambda one: -one.text * one.picture)[:MOST_SHARED]


def _cosines(rows: Float32Matrix, vector: Float32Vector) -> Float64Vector:
    cosines: Float64Vector = (rows @ vector).astype(np.float64) / max(float(np.linalg.norm(vector)), 1e-12)
    return cosines.round(6)

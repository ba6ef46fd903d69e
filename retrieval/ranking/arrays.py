"""Names for the arrays that the engine computes with: the name gives the dtype, the comment the shape. Pure.

NumPy's types do not check shapes. The names do not either: they tell the reader.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RGB: TypeAlias = NDArray[np.uint8]  # (height, width, 3), sRGB

Int64Ids: TypeAlias = NDArray[np.int64]  # (image,): ids of images
Float64Scores: TypeAlias = NDArray[np.float64]  # (image,): scores, or amounts made of them
Int64Vector: TypeAlias = NDArray[np.int64]  # (number,): positions, ranks or counts
BoolVector: TypeAlias = NDArray[np.bool_]  # (number,)
Float32Vector: TypeAlias = NDArray[np.float32]  # (dimension,): one feature
Float64Vector: TypeAlias = NDArray[np.float64]  # (number,)

BoolMatrix: TypeAlias = NDArray[np.bool_]  # (row, column)
Float16Vector: TypeAlias = NDArray[np.float16]  # (dimension,): one feature as it is stored
Int64Matrix: TypeAlias = NDArray[np.int64]  # (row, column): positions or counts
Float16Matrix: TypeAlias = NDArray[np.float16]  # (row, dimension): features as they are stored
Float32Matrix: TypeAlias = NDArray[np.float32]  # (row, dimension): features as they are computed with
Float64Matrix: TypeAlias = NDArray[np.float64]  # (row, column)
FeatureMatrix: TypeAlias = Float16Matrix | Float32Matrix  # (row, dimension): rows of length 1

Float32Array: TypeAlias = NDArray[np.float32]  # any shape; the place that uses it gives the shape

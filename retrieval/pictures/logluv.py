"""LogLuv: TIFF with the luminance of the scene as a logarithm, for pictures of high dynamic range.

After G. Ward Larson, "LogLuv encoding for full-gamut, high-dynamic range images" (1998); of 24 and 32 bits.
Pillow and tifffile do not decode it, the libtiff inside OpenCV does; it is loaded for the first such file.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

LOGL, LOGLUV = 32844, 32845  # photometric interpretations: luminance alone, and with colour


def read_logluv(data: bytes, width: int, height: int) -> npt.NDArray[np.float32]:
    """Red, green and blue, (row, column, 3), as a screen takes them: 0 is black, 1 white, more is brighter.

    They are the square roots of the linear values with sRGB's primaries: the gamma with which libtiff shows
    such files. Colours outside these primaries are clipped at 0.
    Raises ValueError for a file that cannot be decoded, or has another size.
    """
    cv2 = _import_opencv()
    linear = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if linear is None:
        raise ValueError("its LogLuv values are damaged or end too early")
    if linear.shape != (height, width, 3) or linear.dtype != np.float32:
        raise ValueError("its header states two different sizes")
    shown: npt.NDArray[np.float32] = np.sqrt(np.maximum(np.nan_to_num(linear[..., ::-1]), 0))
    return np.ascontiguousarray(shown)


def _import_opencv() -> Any:
    import cv2  # loading it takes long, and hardly any library has such files

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # the error says what is wrong
    return cv2

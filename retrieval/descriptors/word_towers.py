"""Files of word towers: how they are written and read, and which of them belongs to a backbone."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data import WORD_TOWER

from ..errors import InvalidSetting
from ..ranking.arrays import Float32Matrix, Float32Vector
from ..ranking.word_tower import Int8Matrix, KernelMap, SubjectMap, WordTable, WordTower
from ..signals import BUNDLED_WEIGHTS

BUNDLED, NONE = "bundled", "none"  # values of the setting `word_tower`, beside the name of a file
TOWER_VERSION = 2
_OPENED_TOWERS = 4

_KERNEL_MAPS = ("names", "sentences")

Arrays = Mapping[str, npt.NDArray[Any]]


def find_word_tower(setting: str, configuration: Mapping[str, Any]) -> WordTower | None:
    """The word tower that the setting names for a subject space of this configuration, or None.

    The bundled one belongs to the bundled backbone; other backbones have none, unless the setting names a
    file that was made for their weights. Raises InvalidSetting for a file that cannot be used.
    """
    sha256 = configuration.get("weights_sha256", "")
    if setting == NONE or "enhance" in configuration or (setting == BUNDLED and sha256 != BUNDLED_WEIGHTS):
        return None
    tower = load_word_tower(WORD_TOWER if setting == BUNDLED else Path(setting))
    if tower.weights_sha256 != sha256:
        raise InvalidSetting(
            f"word_tower = {setting!r}: made for the weights {tower.weights_sha256[:12]}…, but this library "
            f"has {sha256[:12]}…; make one with `pictor train words`, or choose bundled or none"
        )
    return tower


def load_word_tower(path: Path) -> WordTower:
    """The word tower in a file; raises InvalidSetting for one that cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidSetting(f"word_tower = {str(path)!r}: {error.strerror}") from error
    return _parse_tower(data, str(path))


@lru_cache(_OPENED_TOWERS)
def _parse_tower(data: bytes, name: str) -> WordTower:
    try:
        with np.load(BytesIO(data), allow_pickle=False) as arrays:
            return _tower_from_arrays(dict(arrays), hashlib.sha256(data).hexdigest())
    except (KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidSetting(f"word_tower = {name!r}: no word tower of version {TOWER_VERSION}") from error


def _tower_from_arrays(arrays: Arrays, identity: str) -> WordTower:
    if int(arrays["version"]) != TOWER_VERSION:
        raise ValueError
    keys = arrays["keys"].tobytes().decode().split("\n")
    rows = {key: row for row, key in enumerate(keys)}
    table = WordTable(
        rows,
        arrays["numbers"],
        arrays["scales"].astype(np.float32),
        arrays["is_piece"].astype(np.bool_),
        arrays["looks"],
        arrays["look_scales"].astype(np.float32),
        arrays["look_of"].astype(np.int64),
    )
    weights_sha256 = arrays["weights_sha256"].tobytes().decode()
    return WordTower(table, _map_from_arrays(arrays), weights_sha256, identity)


def _map_from_arrays(arrays: Arrays) -> SubjectMap:
    names, sentences = (
        KernelMap(
            _read_rows(arrays, f"{name}_coefficients"),
            arrays[f"{name}_centre"].astype(np.float32),
            arrays[f"{name}_axes"].astype(np.float32),
        )
        for name in _KERNEL_MAPS
    )
    return SubjectMap(_read_rows(arrays, "anchors"), names, sentences, arrays["shares"].astype(np.float32))


def _read_rows(arrays: Arrays, name: str) -> Float32Matrix:
    return np.asarray(arrays[name] * arrays[f"{name}_scales"].astype(np.float32)[:, None], np.float32)


def word_tower_to_bytes(tower: WordTower) -> bytes:
    """The file of a word tower; the same bytes for the same tower.

    Matrices are rounded to 8 bits by row, axes to float16.
    """
    table, file = tower.table, BytesIO()
    arrays: dict[str, npt.NDArray[Any]] = {
        "version": np.array(TOWER_VERSION),
        "keys": np.frombuffer("\n".join(table.rows).encode(), np.uint8),
        "numbers": table.numbers,
        "scales": table.scales,
        "is_piece": table.is_piece,
        "looks": table.looks,
        "look_scales": table.look_scales,
        "look_of": table.look_of.astype(np.int32),
        "shares": tower.map.shares,
        "weights_sha256": np.frombuffer(tower.weights_sha256.encode(), np.uint8),
    }
    matrices = {"anchors": tower.map.anchors}
    for name in _KERNEL_MAPS:
        kernel_map: KernelMap = getattr(tower.map, name)
        matrices[f"{name}_coefficients"] = kernel_map.coefficients
        arrays[f"{name}_centre"] = kernel_map.centre
        arrays[f"{name}_axes"] = kernel_map.axes.astype(np.float16)
    for name, matrix in matrices.items():
        arrays[name], arrays[f"{name}_scales"] = round_rows(matrix)
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def round_rows(matrix: Float32Matrix) -> tuple[Int8Matrix, Float32Vector]:
    """Whole numbers from −127 to 127, and for each row what they are multiplied by."""
    scales = np.maximum(np.abs(matrix).max(axis=1), 1e-12).astype(np.float32) / np.float32(127)
    return np.rint(matrix / scales[:, None]).astype(np.int8), scales

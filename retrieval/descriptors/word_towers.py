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
from ..ranking.sentence_tower import SentenceTower
from ..ranking.word_tower import (
    PROBES,
    EncoderMap,
    Int8Matrix,
    KernelMap,
    SubjectMap,
    TextEncoder,
    WordTable,
    WordTower,
)
from ..settings import Settings
from ..signals import BUNDLED_WEIGHTS
from .runtimes.sentences import SentenceEncoder

BUNDLED, NONE = "bundled", "none"  # values of the setting `word_tower`, beside the name of a file
TOWER_VERSION = 2
_OPENED_TOWERS = 4

_KERNEL_MAPS = ("names", "sentences")
_ENCODER = "encoder_"  # what the names of the arrays of an encoder's map begin with

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


def find_text_encoder(settings: Settings, configuration: Mapping[str, Any]) -> TextEncoder | None:
    """What the settings `word_tower` and `text_encoder` name for a subject space of this configuration.

    Raises InvalidSetting for settings that do not fit, and BackboneUnavailable for an encoder that cannot be
    loaded.
    """
    tower = find_word_tower(settings.word_tower, configuration)
    if tower is None or settings.text_encoder == NONE:
        return tower
    return ask_by_encoder(tower, Path(settings.text_encoder).expanduser())


def ask_by_encoder(tower: WordTower, place: Path) -> SentenceTower:
    """The tower, asked with a sentence encoder, its folder or its model, beside its table.

    Raises InvalidSetting where the tower was made with another encoder, and BackboneUnavailable where there
    is none, or the packages for it are missing.
    """
    encoder = SentenceEncoder(place)
    if tower.encoder_map is None or not tower.encoder_map.is_made_for(encoder.encode_texts(PROBES)):
        raise InvalidSetting(
            f"text_encoder = {str(place)!r}: the word tower was not made with this encoder; make one with "
            "`pictor train words` and name its file as word_tower, or choose none"
        )
    return SentenceTower(tower, tower.encoder_map, encoder.encode_texts, encoder.has_word)


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
    encoder_map = _encoder_map_from_arrays(arrays) if "encoder_probes" in arrays else None
    return WordTower(table, _map_from_arrays(arrays), weights_sha256, identity, encoder_map)


def _encoder_map_from_arrays(arrays: Arrays) -> EncoderMap:
    probes, centres = (arrays[f"{_ENCODER}{name}"].astype(np.float32) for name in ("probes", "centres"))
    return EncoderMap(probes, centres, _map_from_arrays(arrays, _ENCODER))


def _map_from_arrays(arrays: Arrays, prefix: str = "") -> SubjectMap:
    """A map; the one of an encoder leads along the axes of that of the table."""
    names, sentences = (
        KernelMap(
            _read_rows(arrays, f"{prefix}{name}_coefficients"),
            arrays[f"{prefix}{name}_centre"].astype(np.float32),
            arrays[f"{name}_axes"].astype(np.float32),
        )
        for name in _KERNEL_MAPS
    )
    anchors, shares = _read_rows(arrays, f"{prefix}anchors"), arrays[f"{prefix}shares"]
    return SubjectMap(anchors, names, sentences, shares.astype(np.float32))


def _read_rows(arrays: Arrays, name: str) -> Float32Matrix:
    return np.asarray(arrays[name] * arrays[f"{name}_scales"].astype(np.float32)[:, None], np.float32)


def word_tower_to_bytes(tower: WordTower) -> bytes:
    """The file of a word tower; the same bytes for the same tower.

    Matrices are rounded to 8 bits by row, axes to float16. The map of an encoder has the axes of the table's.
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
        "weights_sha256": np.frombuffer(tower.weights_sha256.encode(), np.uint8),
    }
    arrays |= _map_to_arrays(tower.map)
    arrays |= {f"{name}_axes": getattr(tower.map, name).axes.astype(np.float16) for name in _KERNEL_MAPS}
    if tower.encoder_map:
        arrays |= _map_to_arrays(tower.encoder_map.map, _ENCODER)
        arrays["encoder_centres"] = tower.encoder_map.centres.astype(np.float16)
        arrays["encoder_probes"] = tower.encoder_map.probes.astype(np.float16)
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _map_to_arrays(subject_map: SubjectMap, prefix: str = "") -> dict[str, npt.NDArray[Any]]:
    arrays: dict[str, npt.NDArray[Any]] = {f"{prefix}shares": subject_map.shares}
    matrices = {"anchors": subject_map.anchors}
    for name in _KERNEL_MAPS:
        kernel_map: KernelMap = getattr(subject_map, name)
        matrices[f"{name}_coefficients"] = kernel_map.coefficients
        arrays[f"{prefix}{name}_centre"] = kernel_map.centre
    for name, matrix in matrices.items():
        arrays[f"{prefix}{name}"], arrays[f"{prefix}{name}_scales"] = round_rows(matrix)
    return arrays


def round_rows(matrix: Float32Matrix) -> tuple[Int8Matrix, Float32Vector]:
    """Whole numbers from −127 to 127, and for each row what they are multiplied by."""
    scales = np.maximum(np.abs(matrix).max(axis=1), 1e-12).astype(np.float32) / np.float32(127)
    return np.rint(matrix / scales[:, None]).astype(np.int8), scales

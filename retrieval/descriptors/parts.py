"""The parts descriptor: what each window of a picture shows, from the pass that describes its subject."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from data import WINDOW_AXES

from ..durable import write_file
from ..ranking.arrays import RGB
from ..ranking.heat import is_mean_pooled
from ..ranking.windows import DIMENSIONS, WindowAxes, encode_windows, pool_windows
from ..settings import Settings
from ..signals import BUNDLED_WEIGHTS, PART
from .base import check_version, fingerprint_of
from .channel_projection import orthonormal_rows
from .network import Network, read_stored_file
from .preprocessing import Preprocessing
from .runtimes.base import LAST_STAGE, BackboneOutput

VERSION: Final = 1  # raise it when a picture's codes change
AXES_KEY: Final = "axes_sha256"  # key in the configuration
# What of a subject's configuration the windows depend on, too.
_SHARED_KEYS = ("backbone", "weights_sha256", "trained", "enhancement_version")


@final
class Parts:
    """The windows of the last feature map, as codes; see `ranking.windows`.

    Other descriptors give vectors; this one gives blobs, so the dimension of the space is 0. The axes lie
    beside the weights, named by their checksum.
    """

    name = PART
    dimension = 0
    stages = (LAST_STAGE,)

    def __init__(self, configuration: Mapping[str, Any], backbones: Path, settings: Settings) -> None:
        """`configuration` as the space stores it; `backbones`: the folder of weights.

        Raises UnknownDescriptor for a space that was described by another version of this code.
        """
        check_version(self.name, configuration, VERSION)
        self.configuration = dict(configuration)
        self.network = Network(configuration, backbones, settings)
        self.preprocessing = Preprocessing.from_json(configuration)
        self._backbones = backbones

    @property
    def fingerprint(self) -> str:
        """Identifies the space, as the fingerprints of other descriptors do."""
        return fingerprint_of(self.name, self.dimension, self.configuration)

    def describe(self, pictures: Sequence[RGB]) -> list[bytes]:
        """The codes of each picture, in order, as they are stored."""
        return self.codes_from(self.network.run_pictures(pictures, self.stages))

    def codes_from(self, output: BackboneOutput) -> list[bytes]:
        """The codes of each picture: one for each of WINDOWS, one after the other.

        They are b"" where the backbone does not pool its subjects from the map by the mean: the windows could
        not be compared with subjects.
        """
        maps = output.stages[LAST_STAGE]
        if not len(maps) or not is_mean_pooled(maps[0], output.pooled[0]):
            return [b""] * len(maps)
        windows = pool_windows(maps)
        rows = self.axes.project_features(windows.reshape(-1, windows.shape[2]))
        codes = encode_windows(rows.reshape(*windows.shape[:2], DIMENSIONS))
        return [code.tobytes() for code in codes]

    @cached_property
    def axes(self) -> WindowAxes:
        """The axes of the space; raises BackboneUnavailable unless they have the checksum of the space."""
        sha256 = self.configuration[AXES_KEY]
        path = self._backbones / axes_name(sha256)
        data = read_stored_file(self.configuration["backbone"], path, sha256)
        return WindowAxes.from_array(np.load(BytesIO(data), allow_pickle=False))


def axes_name(sha256: str) -> str:
    """The file name of axes with this checksum."""
    return f"{sha256}.axes.npy"


def configure_parts(subject: Mapping[str, Any], backbones: Path) -> dict[str, Any]:
    """The configuration of the space of parts that belongs to a subject space; its axes are written.

    Axes were learned for the bundled backbone. For another one they are orthonormal rows, the same for all
    backbones with as many channels.
    """
    data = _load_axes(subject)
    sha256 = hashlib.sha256(data).hexdigest()
    write_file(backbones, axes_name(sha256), data)
    prepared = Preprocessing.from_json(subject).as_json()
    shared = {key: subject[key] for key in _SHARED_KEYS if key in subject}
    return {"version": VERSION, **shared, **prepared, AXES_KEY: sha256}


def _load_axes(subject: Mapping[str, Any]) -> bytes:
    if subject["weights_sha256"] == BUNDLED_WEIGHTS:
        return WINDOW_AXES.read_bytes()
    channels = int(subject["dimension"])
    directions = np.zeros((channels, DIMENSIONS), np.float32)
    kept = min(channels, DIMENSIONS)
    directions[:, :kept] = orthonormal_rows(channels, kept).T
    buffer = BytesIO()
    np.save(buffer, WindowAxes(np.zeros(channels, np.float32), directions).to_array(), allow_pickle=False)
    return buffer.getvalue()

"""Backbones run by torch, and fetched through timm; both are loaded on first use."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeAlias, final

import numpy as np

from ...errors import BackboneUnavailable, InvalidSetting
from ..backbone import Backbone, Stage, Tower
from ..base import Float32
from ..labels import Head, Name
from ..preprocessing import Preprocessing
from .base import Batch, Seen, agreement, probe
from .batch_size import WHOLE, Pace, overlapped, pieces
from .transfer import Feed
from .weights import Weights, read_classifier

MADE = ("pretrained", "untrained")  # weights that are not a file
UNTRAINED_SEED = 2026
HUB = "huggingface.co"
Passed: TypeAlias = tuple[Any, dict[int, Any]]  # as Seen, while the device still computes it
# Features of a lower precision are used only where every probe's cosine to float32 is above this.
AGREEMENT = 0.999
FREE_MEMORY = "free some of it, or choose the device cpu"
FAST_FLOAT16 = (7, 0)  # compute capability: Volta and later; most GPUs before compute it slower than float32
METADATA = "pictor"  # the key of what a weights file says about itself


def fetch_backbone(
    name: str, weights: str = "pretrained", *, text_tower: str | None = None, **preprocessing: str
) -> Backbone:
    """A timm backbone with weights: "pretrained" (through timm), "untrained" (seeded) or a safetensors file.

    `preprocessing` overrides what the file says, or else timm's, as in size="256". A file says it under the
    metadata key "pictor", as JSON: `backbone` and `preprocessing`, and for a classifier whose tensors it
    holds, `labels` (imagenet-1k) and `temperature`.
    With a `text_tower` (see runtimes.clip.fetch_tower) the feature is the one that the backbone's last layer
    projects to the space that it shares with texts.
    Raises BackboneUnavailable for an unknown name, for a file or a size that does not fit, for a file that
    says something else of itself, for a model without one pooled feature, and when pretrained weights can be
    neither found in timm's cache nor downloaded; InvalidSetting for bad overrides.
    """
    if weights == "pretrained":
        go_offline_where_there_is_no_hub()
    tower = _tower(text_tower, name)
    if weights not in MADE:
        return _from_file(name, Path(weights), preprocessing, tower)
    model, data = _seeded_or_pretrained(name, weights, _projection(tower))
    prepared = _timm_preprocessing(model).overridden(preprocessing)
    dimension = _pooled_dimension(model.eval(), name, prepared.size)
    stages = stages_of(model, prepared.size)
    trained = weights != "untrained"
    return Backbone(name, data, prepared, dimension, trained=trained, stages=stages, tower=tower)


def _tower(source: str | None, backbone: str) -> Tower | None:
    if source is None:
        return None
    from .clip import fetch_tower

    return fetch_tower(source, backbone)


def _projection(tower: Tower | None) -> int:
    """How many numbers the last layer gives; 0 for a backbone that is used without it."""
    return tower.dimension if tower else 0


def _seeded_or_pretrained(name: str, weights: str, projection: int) -> tuple[Any, bytes]:
    import torch
    from safetensors.torch import save

    torch.manual_seed(UNTRAINED_SEED)
    model = _create(name, pretrained=weights == "pretrained", projection=projection)
    known = model.pretrained_cfg.get("num_classes")
    if weights == "pretrained" and projection not in (0, known):  # timm would make up the last layer
        reason = f"its pretrained weights give {known} numbers, and its text tower {projection}"
        raise BackboneUnavailable(name, reason, "choose the tower that it was trained with")
    return model, save({key: tensor.contiguous() for key, tensor in model.state_dict().items()})


def _from_file(name: str, path: Path, overrides: Mapping[str, str], tower: Tower | None) -> Backbone:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BackboneUnavailable(name, f"{path}: {error.strerror}") from error
    state = _state(name, path, data)
    said, head = _said(name, path, data)
    if tower and head:
        reason = f"{path}: its last layer predicts labels, and does not lead to the space of texts"
        raise BackboneUnavailable(name, reason, "leave --text-tower out")
    model = _create(name, pretrained=False, projection=_projection(tower))
    others = _load(model, name, path, state)
    prepared = (said or _timm_preprocessing(model)).overridden(overrides)
    dimension = _pooled_dimension(model.eval(), name, prepared.size)
    if head:
        # One that cannot be used is refused at once.
        read_classifier(name, path, data, list(others), head, dimension)
    stages = stages_of(model, prepared.size)
    return Backbone(name, data, prepared, dimension, trained=True, head=head, stages=stages, tower=tower)


def _said(name: str, path: Path, data: bytes) -> tuple[Preprocessing | None, Head | None]:
    """What a file, which is known to be readable, says of itself; two times None where it says nothing."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    text = (header.get("__metadata__") or {}).get(METADATA)
    if text is None:
        return None, None
    try:
        said = _mapping(json.loads(text), "the whole")
        if said.get("backbone") != name:
            raise ValueError(f"it belongs to the backbone {said.get('backbone')!r:.80}")
        return _prepared(_mapping(said.get("preprocessing"), "preprocessing")), Head.from_json(said)
    # Nested by the thousand, numbers of 400 digits, and sizes that no picture has.
    except (ValueError, RecursionError, OverflowError, InvalidSetting) as error:
        reason = f"{path}: what its metadata says cannot be used ({error})"
        raise BackboneUnavailable(name, reason) from error


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no JSON object")
    return value


def _prepared(said: dict[str, Any]) -> Preprocessing:
    for key, kind in {"size": int, "interpolation": str, "mean": list, "std": list}.items():
        if type(said.get(key)) is not kind:
            raise ValueError(f"preprocessing has no {key}, or one of a wrong type")
    numbers: dict[str, Any] = {key: [_number(each) for each in said[key]] for key in ("mean", "std")}
    return Preprocessing.from_json(said | numbers | {"crop": _number(said.get("crop"))})


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise ValueError(f"{value!r:.40} stands where a number is needed")
    return float(value)


def label_names(labels: str) -> tuple[Name, ...]:
    """What the classes of a label set are called, by WordNet, as timm has it; in the order of their index."""
    from timm.data import ImageNetInfo

    known = ImageNetInfo(labels)
    return tuple(
        Name(known.index_to_description(index), known.index_to_description(index, detailed=True))
        for index in range(known.num_classes())
    )


def _pooled_dimension(model: Any, name: str, size: int) -> int:
    import torch

    try:
        with torch.inference_mode():
            shape = tuple(model(torch.zeros(1, 3, size, size)).shape)
    except (AssertionError, RuntimeError) as error:  # what timm's models check their input with
        reason = f"does not take pictures of {size} × {size} pixels ({error})"
        raise BackboneUnavailable(name, reason, BackboneUnavailable.OTHER_SIZE) from error
    if len(shape) != 2:
        reason = f"gives features of shape {shape[1:]}, not one pooled vector"
        raise BackboneUnavailable(name, reason, BackboneUnavailable.UNKNOWN)
    return int(shape[1])


def stages_of(model: Any, size: int) -> tuple[Stage, ...]:
    """The stages at an eighth and a sixteenth of the size, or none where the model does not show any.

    Of a network that keeps one size throughout, those at a third and two thirds of its depth.
    """
    import torch

    probe = torch.from_numpy(np.random.RandomState(0).standard_normal((1, 3, size, size)).astype(np.float32))
    try:
        with torch.inference_mode():
            last, inside = model.forward_intermediates(probe)
            agrees = torch.allclose(model.forward_head(last), model(probe), rtol=1e-3, atol=1e-4)
    except (AssertionError, AttributeError, NotImplementedError, RuntimeError, TypeError):
        return ()  # not every model of timm can be looked into
    numbers = _halfway([each.shape[-1] for each in inside], size)
    return tuple(Stage(each, int(inside[each].shape[1])) for each in numbers) if agrees else ()


def _halfway(sides: Sequence[int], size: int) -> tuple[int, int]:
    if len(set(sides)) == 1:
        return len(sides) // 3, 2 * len(sides) // 3
    # A side that does not halve without rest is rounded down.
    eighth, sixteenth = (
        max((number for number, side in enumerate(sides) if (side + 1) * part > size), default=0)
        for part in (8, 16)
    )
    return eighth, sixteenth


@final
class TorchRuntime:
    """A timm backbone as it is, on a processor or a GPU; what the export of it is compared with."""

    def __init__(self, weights: Weights, device: str, precision: str, *, because: str = "") -> None:
        """`device` and `precision` as the settings say them; `because`: why no other runtime was chosen.

        Raises BackboneUnavailable.
        """
        import torch

        self._torch, self._weights, self._because = torch, weights, because
        self.device = device_of(device)
        model, others = loaded(weights)
        self.classifier = tuple(sorted(others))
        self._model = model.to(self.device, memory_format=torch.channels_last)
        self._feed = Feed(self.device)
        self._pace = WHOLE if self.device == "cpu" else Pace()
        self.precision = self._fastest_precision() if precision == "auto" else precision

    @property
    def name(self) -> str:
        where = "" if self.device == "cpu" else f" on {self.device}"
        return f"torch {self.precision}{where}" + (f" ({self._because})" if self._because else "")

    @cached_property
    def label_names(self) -> tuple[Name, ...]:
        return label_names(self._weights.labels) if self._weights.labels else ()

    def look(self, batch: Batch, stages: Sequence[int] = ()) -> Seen:
        """On a GPU in passes of the size that was found to be fastest; one that there is no memory for is
        halved until there is, and later ones begin with that size.

        Raises BackboneUnavailable where there is not enough for one picture.
        """
        cut = pieces(batch, lambda: self._pace.size)
        return _joined(list(overlapped(cut, self._sent, partial(self._begun, stages=stages))))

    def last_map(self, batch: Batch) -> tuple[Float32, Float32]:
        tensor = self._feed.received(self._feed.send(batch))
        with self._torch.inference_mode():
            last = self._model.forward_features(tensor)
            pooled = self._model.forward_head(last)
        if last.ndim != 4:
            reason = f"its last features have shape {tuple(last.shape[1:])}, not one of a map"
            raise BackboneUnavailable(self._weights.backbone, reason, BackboneUnavailable.UNKNOWN)
        return _array(pooled), _array(last)

    def _sent(self, piece: Batch) -> tuple[Batch, Any]:
        """A piece, and its tensor, unless there is no memory for it while another one is computed."""
        try:
            return piece, self._feed.send(piece)
        except self._torch.OutOfMemoryError:
            return piece, None

    def _begun(self, sent: tuple[Batch, Any], stages: Sequence[int]) -> Callable[[], Seen]:
        """Starts a pass; what is returned waits for it. One without memory is done in halves at once."""
        (piece, tensor), started = sent, time.perf_counter()
        try:
            tensor = self._feed.send(piece) if tensor is None else tensor
            passed = self._passed(self._feed.received(tensor), self.precision, stages)
            return partial(self._finished, piece, passed, started)
        except self._torch.OutOfMemoryError as error:
            if len(piece) < 2:
                reason = f"{self.device} has no memory left for one picture"
                raise BackboneUnavailable(self._weights.backbone, reason, FREE_MEMORY) from error
        self._torch.cuda.empty_cache()  # outside, where the failed pass is no longer held
        self._pace = self._pace.without_memory(len(piece))
        middle = len(piece) // 2
        halves = [self._begun((half, None), stages)() for half in (piece[:middle], piece[middle:])]
        return partial(_joined, halves)

    def _finished(self, piece: Batch, passed: Passed, started: float) -> Seen:
        """float16 has no numbers above 65,504: a piece in which they were needed is passed in float32."""
        found = _seen(passed)
        self._pace = self._pace.after(len(piece), time.perf_counter() - started)
        if self.precision == "float16" and not np.isfinite(found[0]).all():
            tensor = self._feed.received(self._feed.send(piece))
            return _seen(self._passed(tensor, "float32", list(found[1])))
        return found

    def _passed(self, tensor: Any, precision: str, stages: Sequence[int] = ()) -> Passed:
        lower = getattr(self._torch, precision)
        autocast = self._torch.autocast(self.device, lower, enabled=precision != "float32")
        with self._torch.inference_mode(), autocast:
            if not stages:
                return self._model(tensor), {}
            last, inside = self._model.forward_intermediates(tensor, indices=list(stages))
            return self._model.forward_head(last), dict(zip(stages, inside, strict=True))

    def _fastest_precision(self) -> str:
        """Half precision where the device computes it in hardware and the features agree."""
        half = _fast_half(self.device)
        if not half:
            return "float32"
        tensor = self._feed.received(self._feed.send(probe(self._weights.size)))
        exact, fast = (_array(self._passed(tensor, each)[0]) for each in ("float32", half))
        return half if agreement(exact, fast) > AGREEMENT else "float32"


def _seen(passed: Passed) -> Seen:
    return _array(passed[0]), {number: _array(each) for number, each in passed[1].items()}


def _joined(parts: Sequence[Seen]) -> Seen:
    """The parts of a batch as one."""
    if len(parts) == 1:
        return parts[0]
    pooled = np.concatenate([each for each, _ in parts])
    return pooled, {number: np.concatenate([each[number] for _, each in parts]) for number in parts[0][1]}


def loaded(weights: Weights) -> tuple[Any, dict[str, Any]]:
    """The timm model with its weights, to be run, and the tensors that it has no place for, by name.

    Raises BackboneUnavailable.
    """
    model = _create(weights.backbone, pretrained=False, projection=weights.projection)
    state = _state(weights.backbone, weights.path, weights.data)
    others = _load(model, weights.backbone, weights.path, state)
    return model.eval(), others


def _array(tensor: Any) -> Float32:
    array: Float32 = tensor.float().cpu().numpy()
    return array


def _create(backbone: str, *, pretrained: bool, projection: int = 0) -> Any:
    import timm

    create = partial(timm.create_model, backbone, pretrained=pretrained, num_classes=projection)
    try:
        return create()
    except RuntimeError as error:
        reason = f"not a timm model that can be made ({error})"
        raise BackboneUnavailable(backbone, reason, BackboneUnavailable.UNKNOWN) from error
    except Exception as error:  # the hub's clients raise what they like: OSError, their own, httpx's
        if not pretrained:
            raise
        reason = "its pretrained weights could not be fetched"
        raise BackboneUnavailable(backbone, reason, BackboneUnavailable.OFFLINE) from error


def _state(backbone: str, path: Path, data: bytes) -> dict[str, Any]:
    """The tensors of a safetensors file; `path` is where it was read from, for messages."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        state: dict[str, Any] = load(data)
    except SafetensorError as error:
        raise BackboneUnavailable(backbone, f"{path}: not a readable safetensors file ({error})") from error
    return state


def _load(model: Any, backbone: str, path: Path, state: Mapping[str, Any]) -> dict[str, Any]:
    """Put the tensors into the model; those of the classifier, where it has no place for one."""
    classifier = (not model.num_classes and model.default_cfg.get("classifier")) or ()
    heads = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    others = {name: each for name, each in state.items() if name.startswith(tuple(f"{h}." for h in heads))}
    kept = {name: each for name, each in state.items() if name not in others}
    try:
        model.load_state_dict(kept, strict=True)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise BackboneUnavailable(backbone, f"{path}: holds another model's weights ({reason})") from error
    return others


def _timm_preprocessing(model: Any) -> Preprocessing:
    from timm.data import resolve_data_config

    config = resolve_data_config({}, model=model)
    bilinear = config["interpolation"] == "bilinear"
    return Preprocessing(
        size=config["input_size"][-1],
        crop=config["crop_pct"],
        interpolation="bilinear" if bilinear else "bicubic",
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
    )


def device_of(wanted: str) -> str:
    """The device that a setting means: a GPU where there is one that torch can use, for auto."""
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return wanted


def _fast_half(device: str) -> str:
    """The half precision that a device computes in hardware: bfloat16, or of older GPUs float16; else ""."""
    import torch

    if device == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return "bfloat16"
        return "float16" if torch.cuda.get_device_capability() >= FAST_FLOAT16 else ""
    capabilities = torch.cpu.get_capabilities()
    return "bfloat16" if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else ""


def go_offline_where_there_is_no_hub() -> None:
    """Without a network, the hub's client would try for most of a minute before it says so."""
    if any(name.lower() in ("https_proxy", "all_proxy", "hf_endpoint") for name in os.environ):
        return
    try:
        socket.getaddrinfo(HUB, 443)
    except OSError:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")

"""Makes timm's models, fills them with weights and finds their stages; timm is loaded on first use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import BackboneUnavailable
from ..backbone import Stage
from ..labels import ClassName
from .weights import Weights


def create_model(backbone: str, *, pretrained: bool, projection: int = 0) -> Any:
    """A timm model with a last layer that gives `projection` numbers, or without one for 0.

    Raises BackboneUnavailable for an unknown name, and for pretrained weights that cannot be fetched.
    """
    import timm

    create = partial(timm.create_model, backbone, pretrained=pretrained, num_classes=projection)
    try:
        return create()
    except RuntimeError as error:
        reason = f"not a timm model that can be made ({error})"
        raise BackboneUnavailable(backbone, reason, BackboneUnavailable.UNKNOWN) from error
    except Exception as error:  # the hub's clients raise OSError, classes of their own, and those of httpx
        if not pretrained:
            raise
        reason = "its pretrained weights could not be fetched"
        raise BackboneUnavailable(backbone, reason, BackboneUnavailable.OFFLINE) from error


def load_model(weights: Weights) -> tuple[Any, dict[str, Any]]:
    """The timm model with its weights, ready to run, and by name the tensors that it does not use.

    Raises BackboneUnavailable.
    """
    model = create_model(weights.backbone, pretrained=False, projection=weights.projection)
    tensors = read_tensors(weights.backbone, weights.path, weights.data)
    unused = fill_model(model, weights.backbone, weights.path, tensors)
    return model.eval(), unused


def read_tensors(
    backbone: str, path: Path, data: bytes, what_to_do: str = BackboneUnavailable.UNFIT
) -> dict[str, Any]:
    """The tensors in the bytes of a safetensors file; `path` is where they were read from, for messages.

    Raises BackboneUnavailable, with `what_to_do`.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors: dict[str, Any] = load(data)
    except SafetensorError as error:
        reason = f"{path}: not a readable safetensors file ({error})"
        raise BackboneUnavailable(backbone, reason, what_to_do) from error
    return tensors


def fill_model(model: Any, backbone: str, path: Path, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Put the tensors into the model. Returns those of the classifier, if the model has no classifier.

    Raises BackboneUnavailable unless the others are exactly what the model needs.
    """
    classifier = (not model.num_classes and model.default_cfg.get("classifier")) or ()
    layers = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    prefixes = tuple(f"{layer}." for layer in layers)
    unused = {name: tensor for name, tensor in tensors.items() if name.startswith(prefixes)}
    used = {name: tensor for name, tensor in tensors.items() if name not in unused}
    try:
        model.load_state_dict(used, strict=True)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise BackboneUnavailable(backbone, f"{path}: holds another model's weights ({reason})") from error
    return unused


def find_stages(model: Any, size: int) -> tuple[Stage, ...]:
    """The stages at an eighth and a sixteenth of the picture's size; none where they cannot be read.

    In a network whose stages all have the same size, those at a third and at two thirds of its depth.
    """
    import torch

    noise = torch.from_numpy(np.random.RandomState(0).standard_normal((1, 3, size, size)).astype(np.float32))
    try:
        with torch.inference_mode():
            last, stages = model.forward_intermediates(noise)
            agrees = torch.allclose(model.forward_head(last), model(noise), rtol=1e-3, atol=1e-4)
    except (AssertionError, AttributeError, NotImplementedError, RuntimeError, TypeError):
        return ()  # not every model of timm gives its stages
    numbers = _choose_stages([stage.shape[-1] for stage in stages], size)
    return tuple(Stage(number, int(stages[number].shape[1])) for number in numbers) if agrees else ()


def _choose_stages(sides: Sequence[int], size: int) -> tuple[int, int]:
    """The numbers of two stages; `sides` are the side lengths of all stages, `size` that of the picture."""
    if len(set(sides)) == 1:
        return len(sides) // 3, 2 * len(sides) // 3
    # A side that cannot be halved exactly is rounded down.
    eighth, sixteenth = (
        max((number for number, side in enumerate(sides) if (side + 1) * divisor > size), default=0)
        for divisor in (8, 16)
    )
    return eighth, sixteenth


def label_names(labels: str) -> tuple[ClassName, ...]:
    """The names of the classes of a label set, from WordNet through timm, in the order of their index."""
    from timm.data import ImageNetInfo

    info = ImageNetInfo(labels)
    return tuple(
        ClassName(info.index_to_description(index), info.index_to_description(index, detailed=True))
        for index in range(info.num_classes())
    )

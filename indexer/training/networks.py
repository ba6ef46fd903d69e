"""Teachers and students: made by timm, given their weights, lined up to be compared, written to a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from retrieval import Preprocessing, fetch_backbone

from ..errors import TrainingImpossible
from .chain import Chain, fold_network, is_chain, line_up, start_like, unfold_state
from .head import Head
from .stages import Adapted, Stages

METADATA = "pictor"
LABELS, CLASSES = "imagenet-1k", 1000


@dataclass(frozen=True, slots=True)
class Teacher:
    """A timm network with weights; `arguments` go to timm, `preprocessing` overrides what it says."""

    name: str
    weights: str = "pretrained"
    arguments: Mapping[str, str] = field(default_factory=dict)
    preprocessing: Mapping[str, str] = field(default_factory=dict)


def make_teacher(teacher: Teacher, *, classes: bool = False) -> tuple[Any, Preprocessing]:
    """A teacher in evaluation, with its preprocessing; with its classifier where `classes` are wanted."""
    backbone = fetch_backbone(teacher.name, teacher.weights, **teacher.preprocessing)
    from_timm = classes and teacher.weights == "pretrained"  # a backbone comes without its classifier
    kept = {} if classes else {"num_classes": 0}
    network = timm.create_model(teacher.name, pretrained=from_timm, **kept, **teacher.arguments)
    if not from_timm:
        _load_state(network, teacher.weights, load(backbone.weights), classes=classes)
    return network.eval().requires_grad_(False), backbone.preprocessing


def make_student(name: str, seed: int, start: Path | None) -> Any:
    """A student without a classifier: with seeded random weights, or those of a file."""
    torch.manual_seed(seed)
    student = timm.create_model(name, pretrained=False, num_classes=0)
    if start:
        state = load(fetch_backbone(name, str(start)).weights)
        whole = student.state_dict().keys()
        if missing := whole - state.keys():
            raise TrainingImpossible(
                f"{start}: is not of {name}: {len(missing)} of its tensors are not there"
            )
        student.load_state_dict({name: state[name] for name in whole})
    return student


def load_head(name: str, start: Path) -> Head:
    """The class head in a weights file.

    Raises TrainingImpossible where it has none.
    """
    backbone = fetch_backbone(name, str(start))
    if not backbone.head:
        raise TrainingImpossible(
            f"{start}: has no class head, which the loss `classes` reads features with; train one with "
            "--labels-teacher first"
        )
    state = load(backbone.weights)
    classifier = timm.get_pretrained_cfg_value(name, "classifier")
    weight, bias = (state[f"{classifier}.{part}"].float() for part in ("weight", "bias"))
    return Head(weight, bias, backbone.head.temperature)


def align_networks(teacher: Any, student: Any, sample: Tensor, *, like: bool) -> tuple[Any, Any]:
    """Both as chains of links where those line up, or else as stages with adapters.

    `like`: the links of a student that has learned nothing yet start near those of its teacher.
    """
    if is_chain(teacher) and is_chain(student) and line_up(Chain(student), Chain(teacher), sample):
        chains = Chain(fold_network(teacher)), Chain(student)
        if like:
            start_like(chains[1], chains[0], sample)
        return chains[0], Chain(fold_network(student))
    stages = Stages(teacher)
    return stages, Adapted(Stages(student), stages, sample)


def write_weights(
    path: Path, name: str, student: nn.Module, prepared: Preprocessing, head: Head | None
) -> None:
    """Write a student's weights; whoever is broken off in between finds those before."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(export_weights(name, student, prepared, head))
    part.replace(path)


def export_weights(name: str, student: nn.Module, prepared: Preprocessing, head: Head | None) -> bytes:
    """The student as the bytes of a weights file that says what it is and how pictures come to it."""
    fresh = timm.create_model(name, pretrained=False, num_classes=0)
    state = student.state_dict()
    if state.keys() != fresh.state_dict().keys():
        state = unfold_state(state, fresh)
    said: dict[str, Any] = {"backbone": name, "preprocessing": prepared.as_json()}
    if head:
        classifier = fresh.default_cfg["classifier"]
        state |= {f"{classifier}.weight": head.weight, f"{classifier}.bias": head.bias}
        said |= {"labels": LABELS, "temperature": head.temperature}
    halves = {key: _halve_precision(tensor) for key, tensor in state.items()}
    saved: bytes = save(halves, {METADATA: json.dumps(said)})
    return saved


def _load_state(network: Any, origin: str, state: dict[str, Tensor], *, classes: bool) -> None:
    try:
        network.load_state_dict(state, strict=classes)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise TrainingImpossible(f"{origin}: holds no classifier of {CLASSES} classes ({reason})") from error


def _halve_precision(tensor: Tensor) -> Tensor:
    tensor = tensor.cpu()
    return tensor.half().contiguous() if tensor.is_floating_point() else tensor

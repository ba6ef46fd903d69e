"""Text towers of CLIP-family backbones. The only module that imports open_clip (extra `clip`)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, final

from ...errors import BackboneUnavailable
from ...ranking.arrays import Float32Matrix
from ..backbone import TowerWeights
from ..base import unit_rows
from .hub import go_offline_without_hub
from .timm_models import read_tensors

PRETRAINED = "pretrained"  # the tower on the backbone's own page of the hub
CONFIG, WEIGHTS = "open_clip_config.json", "open_clip_model.safetensors"  # open_clip's file names there
INSTALL = "install it with `pip install 'pictor[clip]'`"
GIVE_FILE = f"go online once to fetch it, or give a local file by --text-tower FILE, with {CONFIG} beside it"
UNFIT = f"give a safetensors file made by open_clip by --text-tower FILE, with its {CONFIG} beside it"
# What the names of a text tower's tensors begin with, in a file that holds a picture tower as well.
TOWER_PARTS = (
    "token_embedding.",
    "positional_embedding",
    "transformer.",
    "ln_final.",
    "text_projection",
    "cls_emb",
)
DERIVED_TENSOR = "attn_mask"  # in older files; open_clip computes it from the configuration


def fetch_tower(source: str, backbone: str) -> TowerWeights:
    """The text tower of a backbone. `source`: a safetensors file, "pretrained", or a hub page ORG/NAME.

    A file needs open_clip's configuration beside it. It may hold the picture tower as well, which is ignored.
    Raises BackboneUnavailable when open_clip is not installed, for a tower whose tokenizer or network is not
    open_clip's own, for files that do not fit together, and when they cannot be fetched.
    """
    _import_open_clip(backbone)
    weights = Path(source)
    if source == PRETRAINED or not weights.is_file():
        weights = _download_tower(_hub_page(source, backbone), backbone)
    architecture = _read_architecture(backbone, weights.with_name(CONFIG))
    tower = TowerWeights(architecture, _extract_tower(backbone, weights))
    ClipRuntime(backbone, architecture, tower.weights, weights)  # refuses an unusable one at once
    return tower


@final
class ClipRuntime:
    """A text tower that encodes texts as vectors, in float32 on the processor."""

    def __init__(self, backbone: str, architecture: Mapping[str, Any], weights: bytes, path: Path) -> None:
        """`weights` as they were read from `path`; `backbone` and `path` are for messages.

        Raises BackboneUnavailable.
        """
        open_clip = _import_open_clip(backbone)
        self._tower = _build_tower(backbone, architecture)
        try:
            tensors = read_tensors(backbone, path, weights, UNFIT)
            self._tower.load_state_dict(
                {name: tensor.float() for name, tensor in tensors.items()}, strict=True
            )
        except RuntimeError as error:
            reason = f"{path}: does not fit its configuration ({str(error).splitlines()[-1].strip()})"
            raise BackboneUnavailable(backbone, reason, UNFIT) from error
        config = architecture["text_cfg"]
        self._tokenizer = open_clip.SimpleTokenizer(
            context_length=config["context_length"], **(config["tokenizer_kwargs"] or {})
        )

    def encode_texts(self, texts: Sequence[str]) -> Float32Matrix:
        """(text, dimension), rows of unit length; a text longer than the context is cut off."""
        import torch

        with torch.inference_mode():
            rows = self._tower(self._tokenizer(list(texts)))
        return unit_rows(rows.float().numpy())


def _import_open_clip(backbone: str) -> Any:
    try:
        import open_clip
    except ImportError as error:
        raise BackboneUnavailable(backbone, "its text tower needs open_clip", INSTALL) from error
    return open_clip


def _hub_page(source: str, backbone: str) -> str:
    """The page of the hub that a source names."""
    from timm.models import get_pretrained_cfg

    if source != PRETRAINED and source.count("/") == 1 and not source.startswith((".", "/")):
        return source
    config = get_pretrained_cfg(backbone) if source == PRETRAINED else None
    if config is None or not config.hf_hub_id:
        raise BackboneUnavailable(backbone, f"text tower {source}: no such file", UNFIT)
    return str(config.hf_hub_id)


def _download_tower(page: str, backbone: str) -> Path:
    """The path of a page's weights, with the configuration beside them; from the cache if they are in it."""
    from open_clip.pretrained import download_pretrained_from_hf

    go_offline_without_hub()
    try:
        download_pretrained_from_hf(page, CONFIG)
        return Path(download_pretrained_from_hf(page, WEIGHTS))
    except Exception as error:  # the hub's clients raise OSError, classes of their own, and those of httpx
        reason = f"its text tower could not be fetched from {page}"
        raise BackboneUnavailable(backbone, reason, GIVE_FILE) from error


def _read_architecture(backbone: str, path: Path) -> dict[str, Any]:
    """How a tower is built, as JSON values, with open_clip's defaults written out."""
    from open_clip.model import CLIPTextCfg

    try:
        config = json.loads(path.read_text("utf-8"))["model_cfg"]
        text = asdict(CLIPTextCfg(**config["text_cfg"]))
        sizes = {
            "embed_dim": int(config["embed_dim"]),
            "quick_gelu": bool(config.get("quick_gelu", False)),
        }
    except OSError as error:
        raise BackboneUnavailable(backbone, f"{path}: {error.strerror}", UNFIT) from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BackboneUnavailable(backbone, f"{path}: cannot be used ({error!r:.100})", UNFIT) from error
    if foreign := text["hf_model_name"] or text["hf_tokenizer_name"]:
        reason = f"its text tower uses {foreign}, which is not part of open_clip"
        raise BackboneUnavailable(backbone, reason, "choose a backbone with open_clip's own text tower")
    return {**sizes, "text_cfg": text}


def _extract_tower(backbone: str, path: Path) -> bytes:
    """The text tower alone, as a safetensors file whose bytes depend on its tensors only."""
    from safetensors.torch import save

    try:
        tensors = read_tensors(backbone, path, path.read_bytes(), UNFIT)
    except OSError as error:
        raise BackboneUnavailable(backbone, f"{path}: {error.strerror}", UNFIT) from error
    own = {name.removeprefix("text."): tensor for name, tensor in tensors.items() if name.startswith("text.")}
    own = own or {name: tensor for name, tensor in tensors.items() if name.startswith(TOWER_PARTS)}
    data: bytes = save({name: own[name].contiguous() for name in sorted(own) if name != DERIVED_TENSOR})
    return data


def _build_tower(backbone: str, architecture: Mapping[str, Any]) -> Any:
    from open_clip.model import _build_text_tower

    config = architecture["text_cfg"]
    try:
        return _build_text_tower(architecture["embed_dim"], config, architecture["quick_gelu"]).eval()
    except (AssertionError, RuntimeError, TypeError, ValueError, ZeroDivisionError) as error:
        reason = f"no text tower can be built from its configuration ({error!r:.100})"
        raise BackboneUnavailable(backbone, reason, UNFIT) from error

"""Text towers of CLIP-family backbones: the only home of open_clip, which the extra `clip` brings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...errors import BackboneUnavailable
from ..backbone import Tower
from ..base import Float32, unit_rows
from .torch_runtime import go_offline_where_there_is_no_hub

PRETRAINED = "pretrained"  # the tower of the backbone's own page on the hub
CONFIG, WEIGHTS = "open_clip_config.json", "open_clip_model.safetensors"  # as open_clip names them there
INSTALL = "install it with `pip install 'pictor[clip]'`"
GIVE_FILE = f"go online once to fetch it, or give a local file, with {CONFIG} beside, by --text-tower FILE"
UNFIT = f"give the safetensors file that open_clip made, with its {CONFIG} beside, by --text-tower FILE"
# The parts of a text tower, where a file holds a picture tower next to it.
PARTS = (
    "token_embedding.",
    "positional_embedding",
    "transformer.",
    "ln_final.",
    "text_projection",
    "cls_emb",
)
REMADE = "attn_mask"  # older files hold it; it follows from the configuration


def fetch_tower(source: str, backbone: str) -> Tower:
    """The text tower of a backbone: a safetensors file, "pretrained" or a page of the hub, as ORG/NAME.

    A file has open_clip's configuration beside it, and may hold the picture tower as well, which is left out.
    Raises BackboneUnavailable when open_clip is not installed, for a tower that brings its own tokenizer or
    network from elsewhere, for files that do not fit together, and when they cannot be fetched.
    """
    _open_clip(backbone)
    weights = Path(source)
    if source == PRETRAINED or not weights.is_file():
        weights = _downloaded(_page(source, backbone), backbone)
    architecture = _architecture(backbone, weights.with_name(CONFIG))
    tower = Tower(architecture, _text_only(backbone, weights))
    ClipRuntime(backbone, architecture, tower.weights, weights)  # one that cannot be used is refused at once
    return tower


class ClipRuntime:
    """A text tower: texts in, vectors out, in float32 on the processor."""

    def __init__(self, backbone: str, architecture: Mapping[str, Any], weights: bytes, path: Path) -> None:
        """`weights` as they were read from `path`; `backbone` and `path` are for messages.

        Raises BackboneUnavailable.
        """
        open_clip = _open_clip(backbone)
        self._tower = _built(backbone, architecture)
        try:
            state = {name: each.float() for name, each in _state(backbone, path, weights).items()}
            self._tower.load_state_dict(state, strict=True)
        except RuntimeError as error:
            reason = f"{path}: does not fit its configuration ({str(error).splitlines()[-1].strip()})"
            raise BackboneUnavailable(backbone, reason, UNFIT) from error
        said = architecture["text_cfg"]
        self._tokenizer = open_clip.SimpleTokenizer(
            context_length=said["context_length"], **(said["tokenizer_kwargs"] or {})
        )

    def forward(self, texts: Sequence[str]) -> Float32:
        """(text, dimension), rows of unit length; a text is cut where the context ends."""
        import torch

        with torch.inference_mode():
            rows = self._tower(self._tokenizer(list(texts)))
        return unit_rows(rows.float().numpy())


def _open_clip(backbone: str) -> Any:
    try:
        import open_clip
    except ImportError as error:
        raise BackboneUnavailable(backbone, "its text tower needs open_clip", INSTALL) from error
    return open_clip


def _page(source: str, backbone: str) -> str:
    """The page of the hub that a source names."""
    from timm.models import get_pretrained_cfg

    if source != PRETRAINED and source.count("/") == 1 and not source.startswith((".", "/")):
        return source
    known = get_pretrained_cfg(backbone) if source == PRETRAINED else None
    if known is None or not known.hf_hub_id:
        raise BackboneUnavailable(backbone, f"text tower {source}: no such file", UNFIT)
    return str(known.hf_hub_id)


def _downloaded(page: str, backbone: str) -> Path:
    """The weights of a page, with the configuration beside them; from the cache where they are there."""
    from open_clip.pretrained import download_pretrained_from_hf

    go_offline_where_there_is_no_hub()
    try:
        download_pretrained_from_hf(page, CONFIG)
        return Path(download_pretrained_from_hf(page, WEIGHTS))
    except Exception as error:  # the hub's clients raise what they like
        reason = f"its text tower could not be fetched from {page}"
        raise BackboneUnavailable(backbone, reason, GIVE_FILE) from error


def _architecture(backbone: str, path: Path) -> dict[str, Any]:
    """What a tower is built like, as JSON values with nothing left to a default."""
    from open_clip.model import CLIPTextCfg

    try:
        said = json.loads(path.read_text("utf-8"))["model_cfg"]
        text = asdict(CLIPTextCfg(**said["text_cfg"]))
        found = {"embed_dim": int(said["embed_dim"]), "quick_gelu": bool(said.get("quick_gelu", False))}
    except OSError as error:
        raise BackboneUnavailable(backbone, f"{path}: {error.strerror}", UNFIT) from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BackboneUnavailable(backbone, f"{path}: cannot be used ({error!r:.100})", UNFIT) from error
    if others := text["hf_model_name"] or text["hf_tokenizer_name"]:
        reason = f"its text tower is made of {others}, which open_clip does not bring"
        raise BackboneUnavailable(backbone, reason, "choose a backbone with open_clip's own text tower")
    return {**found, "text_cfg": text}


def _text_only(backbone: str, path: Path) -> bytes:
    """The text tower alone, as bytes that depend on nothing but its tensors."""
    from safetensors.torch import save

    try:
        state = _state(backbone, path, path.read_bytes())
    except OSError as error:
        raise BackboneUnavailable(backbone, f"{path}: {error.strerror}", UNFIT) from error
    own = {name.removeprefix("text."): each for name, each in state.items() if name.startswith("text.")}
    own = own or {name: each for name, each in state.items() if name.startswith(PARTS)}
    data: bytes = save({name: own[name].contiguous() for name in sorted(own) if name != REMADE})
    return data


def _state(backbone: str, path: Path, data: bytes) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        state: dict[str, Any] = load(data)
    except SafetensorError as error:
        reason = f"{path}: not a readable safetensors file ({error})"
        raise BackboneUnavailable(backbone, reason, UNFIT) from error
    return state


def _built(backbone: str, architecture: Mapping[str, Any]) -> Any:
    from open_clip.model import _build_text_tower

    said = architecture["text_cfg"]
    try:
        return _build_text_tower(architecture["embed_dim"], said, architecture["quick_gelu"]).eval()
    except (AssertionError, RuntimeError, TypeError, ValueError, ZeroDivisionError) as error:
        reason = f"no text tower can be built as its configuration says ({error!r:.100})"
        raise BackboneUnavailable(backbone, reason, UNFIT) from error

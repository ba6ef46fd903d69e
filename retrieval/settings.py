"""The settings of a library: defaults, then its file, then environment variables, then arguments."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from data import LANGUAGE_CODES

from .errors import InvalidSetting
from .pictures import scaling
from .query.values import FUSIONS, GROUPINGS, read_former_grouping
from .signals import COLOUR, DETAILS, LAYOUT, MEANING, PART, SIGNALS, SUBJECT, TEXTURE, WORDS

FILE_NAME = "library.toml"
ENVIRONMENT_PREFIX = "PICTOR_"
FORMER_GROUPING = "collapse"  # what the setting `group` was called before


def _define_setting(default: Any, help: str, *, least: float = 0, most: float = 1e12) -> Any:
    return field(default=default, metadata={"help": help, "least": least, "most": most})


def _define_weight(signal: str) -> Any:
    default = SIGNALS[signal].default_weight
    return _define_setting(default, f"Default weight of the {signal} signal", most=100)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its default; `Settings.resolve` reads them for one library."""

    catalog_url: str = _define_setting("", "SQL address of the catalog; empty: catalog.sqlite in the library")
    max_image_megapixels: float = _define_setting(
        200.0, "Larger pictures are refused before they are decoded", least=0.01
    )
    max_image_megabytes: float = _define_setting(
        1024.0, "Larger files are refused before they are read", least=0.001
    )
    batch_size: int = _define_setting(32, "Pictures described and committed together", least=1, most=4096)
    decode_threads: int = _define_setting(
        0, "Processes that decode pictures; 0: one for each processor", most=256
    )
    decode_seconds: float = _define_setting(
        30.0, "A picture that takes longer to decode is refused", least=0.1, most=3600
    )
    scaling: str = _define_setting(
        "auto", "How pixels of more than 8 bits are scaled: auto, minmax, percentile, window:LEVEL:WIDTH"
    )
    pages: str = _define_setting("first", "Which pages of a TIFF become images: first, all")
    device: str = _define_setting("auto", "Where the backbone and vector search run: auto, cpu, cuda")
    precision: str = _define_setting("auto", "Arithmetic of the backbone: auto, float32, bfloat16, float16")
    runtime: str = _define_setting("auto", "What runs the backbone: auto, torch, onnx, openvino")
    publish_share: float = _define_setting(
        0.25, "Publish during a run when the unpublished tail exceeds this share of the rest", least=0.01
    )
    forget_missing_days: int = _define_setting(
        0, "Indexing forgets files that have been missing for this many days; 0: never", most=36500
    )
    candidates: int = _define_setting(2000, "Images that each signal contributes to the fusion", least=10)
    target_recall: float = _define_setting(
        0.98,
        "Share of the ten nearest images that a search of a large library finds; smaller ones find all",
        least=0.5,
        most=0.999,
    )
    predicted_labels: bool = _define_setting(True, "Predict labels when indexing, search them and show them")
    languages: tuple[str, ...] = _define_setting(
        LANGUAGE_CODES, "Languages besides English whose words find predicted labels"
    )
    sentences: bool = _define_setting(
        True, "Read plain sentences in searches: last summer, Nikon, at least four stars"
    )
    hemisphere: str = _define_setting("north", "Which months a summer in a sentence means: north, south")
    word_tower: str = _define_setting(
        "bundled", "What words without captions mean: bundled, none, or a file of `pictor train words`"
    )
    text_encoder: str = _define_setting(
        "none",
        "What reads texts beside the word tower's table: none, or the folder or the model.onnx of "
        "the sentence encoder that the tower was made with (pictor[sentences])",
    )
    url_queries: str = _define_setting(
        "auto",
        "Whether queries may name pictures by URL: auto (in commands, not on a server), always, never",
    )
    webhook_addresses: str = _define_setting(
        "public", "Where webhooks may be on: public (the public Internet alone), any (this network as well)"
    )
    answer_seconds: float = _define_setting(
        30.0,
        "A server gives up an answer that takes longer, with the time that it waits",
        least=0.1,
        most=3600,
    )
    searches_at_once: int = _define_setting(
        0, "Searches that a server answers at the same time; 0: two more than there are processors", most=256
    )
    searches_waiting: int = _define_setting(
        64, "Searches that may wait at a server; further ones are refused at once", most=10_000
    )
    fusion: str = _define_setting(
        "relative", "How rankings are fused: relative (by score), calibrated, reciprocal-rank"
    )
    fusion_k: float = _define_setting(
        60.0, "k of reciprocal rank fusion; a larger k gives low ranks more weight", least=0
    )
    neighbours: bool = _define_setting(True, "Compare subjects by the averages of each image's neighbourhood")
    verify: int = _define_setting(
        100, "How many of the first hits are verified point by point; 0: none", most=1000
    )
    narrow: bool = _define_setting(
        False, "Search only images with the labels that a query picture probably has"
    )
    group: str = _define_setting(
        "none", "List the best of each group alone: none, shot, day, folder, copies, scene"
    )
    weaker: bool = _define_setting(False, "List hits below the relevance line as well")
    weight_words: float = _define_weight(WORDS)
    weight_subject: float = _define_weight(SUBJECT)
    weight_colour: float = _define_weight(COLOUR)
    weight_texture: float = _define_weight(TEXTURE)
    weight_layout: float = _define_weight(LAYOUT)
    weight_part: float = _define_weight(PART)
    weight_meaning: float = _define_weight(MEANING)
    weight_details: float = _define_weight(DETAILS)

    def __post_init__(self) -> None:
        for setting in fields(self):
            _check_range(setting.name, getattr(self, setting.name), setting.metadata)
        scaling.check_policy(self.scaling)
        _check_choice("pages", self.pages, ("first", "all"))
        _check_choice("device", self.device, ("auto", "cpu", "cuda"))
        _check_choice("fusion", self.fusion, FUSIONS)
        _check_choice("group", self.group, GROUPINGS)
        _check_choice("url_queries", self.url_queries, ("auto", "always", "never"))
        _check_choice("webhook_addresses", self.webhook_addresses, ("public", "any"))
        _check_choice("hemisphere", self.hemisphere, ("north", "south"))
        _check_choice("precision", self.precision, ("auto", "float32", "bfloat16", "float16"))
        _check_choice("runtime", self.runtime, ("auto", "torch", "onnx", "openvino"))
        for language in self.languages:
            _check_choice("languages", language, LANGUAGE_CODES)
        _check_runtime(self.runtime, self.device, self.precision)

    @classmethod
    def resolve(
        cls, directory: Path, environment: Mapping[str, str] | None = None, **arguments: Any
    ) -> Settings:
        """Read the library's file, then PICTOR_NAME variables, then arguments; the last one wins.

        An argument of None is not given. Raises InvalidSetting for an unknown name in the file or the
        arguments, and for a value that does not fit.
        """
        values = _rename_grouping(_read_file(directory / FILE_NAME))
        values |= _rename_grouping(_read_environment(os.environ if environment is None else environment))
        values |= {name: value for name, value in arguments.items() if value is not None}
        return cls(**{name: _convert_value(name, value) for name, value in values.items()})

    def default_weight(self, signal: str) -> float:
        """The default weight of a signal: its setting, or else that in SIGNALS; 1 for an unknown signal."""
        default = SIGNALS[signal].default_weight if signal in SIGNALS else 1.0
        return float(getattr(self, f"weight_{signal}", default))


SETTINGS = {setting.name: setting for setting in fields(Settings)}


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise InvalidSetting(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSetting(
            f"{path}: not a settings file ({error}); write lines like batch_size = 32"
        ) from error


def _read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    names = {ENVIRONMENT_PREFIX + name.upper(): name for name in (*SETTINGS, FORMER_GROUPING)}
    return {names[key]: value for key, value in environment.items() if key in names}


def _rename_grouping(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with `group` for its former name `collapse`; where both are given, `group` counts."""
    if FORMER_GROUPING not in values:
        return dict(values)
    others = {name: value for name, value in values.items() if name != FORMER_GROUPING}
    former = values[FORMER_GROUPING]
    return {"group": read_former_grouping(former) if isinstance(former, str) else former} | others


def _convert_value(name: str, value: Any) -> Any:
    if name not in SETTINGS:
        raise InvalidSetting(f"{name}: no such setting; there are {', '.join(SETTINGS)}")
    default = getattr(Settings(), name)
    if isinstance(default, tuple):
        return _parse_list(name, value)
    kind: type[str | int | float] = type(default)
    try:
        if type(value) not in (kind, str, int if kind is float else str):
            raise ValueError
        return _parse_bool(value) if kind is bool else kind(value)
    except (OverflowError, ValueError) as error:
        needed = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}[kind]
        raise InvalidSetting(f"{name} = {value!r}: {needed} is needed") from error


def _parse_list(name: str, value: Any) -> tuple[str, ...]:
    """A list in a file, or names with commas between them in an environment variable."""
    names = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(text, str) for text in names):
        raise InvalidSetting(f'{name} = {value!r}: a list is needed, as in {name} = ["de", "fr"]')
    return tuple(dict.fromkeys(names))


def _parse_bool(value: bool | str) -> bool:
    values = {"true": True, "1": True, "false": False, "0": False}
    text = str(value).casefold()
    if text not in values:
        raise ValueError
    return values[text]


def _check_range(name: str, value: Any, limits: Mapping[str, Any]) -> None:
    if isinstance(value, int | float) and not limits["least"] <= value <= limits["most"]:
        raise InvalidSetting(f"{name} = {value}: choose from {limits['least']} to {limits['most']:g}")


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InvalidSetting(f"{name} = {value!r}: choose from {', '.join(choices)}")


def _check_runtime(runtime: str, device: str, precision: str) -> None:
    if device == "cuda" and runtime in ("onnx", "openvino"):
        raise InvalidSetting(f"runtime = {runtime!r}: it does not run on cuda; choose auto or torch")
    if precision == "bfloat16" and runtime == "onnx":
        raise InvalidSetting("runtime = 'onnx': it has no bfloat16; choose auto, torch or openvino")
    if precision == "float16" and runtime in ("onnx", "openvino"):
        raise InvalidSetting(f"runtime = {runtime!r}: it has no float16; choose auto or torch")

"""One table of settings, read from the library's file, then the environment, then the arguments."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from .errors import InvalidSetting
from .pictures import scaling
from .query.values import COLLAPSES, FUSIONS, Options

FILE_NAME = "library.toml"
ENVIRONMENT_PREFIX = "PICTOR_"


def _setting(default: Any, help: str, *, least: float = 0, most: float = 1e12) -> Any:
    return field(default=default, metadata={"help": help, "least": least, "most": most})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its default; `Settings.resolve` reads them for one library."""

    catalog_url: str = _setting("", "SQL address of the catalog; empty: catalog.sqlite in the library")
    max_image_megapixels: float = _setting(200.0, "Larger pictures are refused unread", least=0.01)
    max_image_megabytes: float = _setting(1024.0, "Larger files are refused unread", least=0.001)
    batch_size: int = _setting(32, "Pictures described and committed together", least=1, most=4096)
    decode_threads: int = _setting(0, "Processes that decode pictures; 0: one for each processor", most=256)
    decode_seconds: float = _setting(
        30.0, "A picture that takes longer to decode is given up", least=0.1, most=3600
    )
    scaling: str = _setting(
        "auto", "How more than 8 bits are scaled: auto, minmax, percentile, window:LEVEL:WIDTH"
    )
    pages: str = _setting("first", "Which pages of a TIFF become images: first, all")
    device: str = _setting("auto", "Where the backbone runs, and what helps to search: auto, cpu, cuda")
    precision: str = _setting("auto", "Arithmetic of the backbone: auto, float32, bfloat16, float16")
    runtime: str = _setting("auto", "What runs the backbone: auto, torch, onnx, openvino")
    publish_share: float = _setting(
        0.25, "Publish during a run when the unpublished tail exceeds this share of the rest", least=0.01
    )
    forget_missing_days: int = _setting(
        0, "Indexing forgets files that have been missing for so many days; 0: never", most=36500
    )
    candidates: int = _setting(2000, "Images that each signal brings into the fusion", least=10)
    predicted_labels: bool = _setting(True, "Predict labels when indexing, search them and show them")
    url_queries: str = _setting(
        "auto", "Pictures by address in queries: auto (not on a server for other machines), always, never"
    )
    fusion: str = _setting(
        "relative", "How rankings become one: relative (by score), calibrated, reciprocal-rank"
    )
    fusion_k: float = _setting(60.0, "k of reciprocal rank fusion: larger weighs low ranks more", least=0)
    neighbours: bool = _setting(True, "Compare subjects by the averages of each image's neighbourhood")
    verify: int = _setting(100, "Images of the first that are checked point by point; 0: none", most=1000)
    narrow: bool = _setting(False, "Scan only images with the labels that a query picture probably has")
    collapse: str = _setting("none", "List once what is nearly the same: none, copies, scenes")
    weaker: bool = _setting(False, "List hits below the relevance line as well")
    weight_words: float = _setting(1.0, "Default weight of the words signal", most=100)
    weight_subject: float = _setting(1.0, "Default weight of the subject signal", most=100)
    weight_colour: float = _setting(0.06, "Default weight of the colour signal", most=100)
    weight_texture: float = _setting(0.0, "Default weight of the texture signal", most=100)
    weight_layout: float = _setting(0.0, "Default weight of the layout signal", most=100)
    weight_meaning: float = _setting(1.0, "Default weight of the meaning signal", most=100)
    weight_details: float = _setting(2.0, "Default weight of the details signal", most=100)

    def __post_init__(self) -> None:
        for each in fields(self):
            _check(each.name, getattr(self, each.name), each.metadata)
        scaling.check(self.scaling)
        _check_choice("pages", self.pages, ("first", "all"))
        _check_choice("device", self.device, ("auto", "cpu", "cuda"))
        _check_choice("fusion", self.fusion, FUSIONS)
        _check_choice("collapse", self.collapse, COLLAPSES)
        _check_choice("url_queries", self.url_queries, ("auto", "always", "never"))
        _check_choice("precision", self.precision, ("auto", "float32", "bfloat16", "float16"))
        _check_choice("runtime", self.runtime, ("auto", "torch", "onnx", "openvino"))
        _check_runtime(self.runtime, self.device, self.precision)

    @classmethod
    def resolve(
        cls, directory: Path, environment: Mapping[str, str] | None = None, **arguments: Any
    ) -> Settings:
        """The library's file, then PICTOR_NAME variables, then the arguments that are not None.

        Raises InvalidSetting for a name that the file uses and the table lacks, and for bad values.
        """
        values = _from_file(directory / FILE_NAME)
        values |= _from_environment(os.environ if environment is None else environment)
        values |= {name: value for name, value in arguments.items() if value is not None}
        return cls(**{name: _converted(name, value) for name, value in values.items()})

    def options(self, asked: Options) -> Options:
        """What a query asks for, and the library's settings, or nothing special, where it does not say."""
        usual = Options(
            fusion=self.fusion,
            narrow=self.narrow,
            neighbours=self.neighbours,
            expand="none",
            rerank="none",
            verify=self.verify,
            diversity=0.0,
            collapse=self.collapse,
            weaker=self.weaker,
        )
        said = {each.name: getattr(asked, each.name) for each in fields(Options)}
        return replace(usual, **{name: value for name, value in said.items() if value is not None})

    def weight(self, signal: str) -> float:
        """The default weight of a signal; 1 for one that the table does not name."""
        return float(getattr(self, f"weight_{signal}", 1.0))


SETTINGS = {each.name: each for each in fields(Settings)}


def _from_file(path: Path) -> dict[str, Any]:
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


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    names = {ENVIRONMENT_PREFIX + name.upper(): name for name in SETTINGS}
    return {names[key]: value for key, value in environment.items() if key in names}


def _converted(name: str, value: Any) -> Any:
    if name not in SETTINGS:
        raise InvalidSetting(f"{name}: no such setting; there are {', '.join(SETTINGS)}")
    wanted: type[str | int | float] = type(getattr(Settings(), name))
    try:
        if type(value) not in (wanted, str, int if wanted is float else str):
            raise ValueError
        return _truth(value) if wanted is bool else wanted(value)
    except (OverflowError, ValueError) as error:
        kind = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}[wanted]
        raise InvalidSetting(f"{name} = {value!r}: {kind} is needed") from error


def _truth(value: bool | str) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}
    text = str(value).casefold()
    if text not in known:
        raise ValueError
    return known[text]


def _check(name: str, value: Any, limits: Mapping[str, Any]) -> None:
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

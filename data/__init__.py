"""Data that comes with the program: the collection of `pictor demo`, the bundled backbone, languages."""

from pathlib import Path

SAMPLE = Path(__file__).parent / "sample"

# Named after the timm model that the weights belong to; backbones/README.md is their card.
BACKBONE = Path(__file__).parent / "backbones" / "mobilenetv2_100.pictor.safetensors"

# One folder for each of LANGUAGE_CODES, with the words of a language; languages/README.md describes them.
LANGUAGES = Path(__file__).parent / "languages"
LANGUAGE_CODES = ("de", "es", "fr", "vi", "zh")

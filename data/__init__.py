"""Data that comes with the program: the sample collection, the bundled backbone, tables of categories."""

from pathlib import Path

SAMPLE = Path(__file__).parent / "sample"

# Named after the timm model that the weights belong to; backbones/README.md is their card.
BACKBONE = Path(__file__).parent / "backbones" / "mobilenetv2_100.pictor.safetensors"
CATEGORIES = Path(__file__).parent / "categories"  # tables of what the classes of classifiers are kinds of

"""Data that comes with the program: the sample collection of `pictor demo`, backbone and word tower."""

from pathlib import Path

SAMPLE = Path(__file__).parent / "sample"

# Named after the timm model that the weights belong to; backbones/README.md is their card.
BACKBONE = Path(__file__).parent / "backbones" / "mobilenetv2_100.pictor.safetensors"

# The word tower of that backbone; word_towers/README.md is its card.
WORD_TOWER = Path(__file__).parent / "word_towers" / "mobilenetv2_100.pictor.npz"

"""Data that comes with the program: the sample collection of `pictor demo`."""

from pathlib import Path

SAMPLE = Path(__file__).parent / "sample"

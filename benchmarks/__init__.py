"""Measurements behind the figures that documents state; `python -m benchmarks` lists them."""

"""Runs backbones. Each runtime is the only home of its library, which is loaded on first use."""

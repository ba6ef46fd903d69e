"""Measuring and tuning rankings on labelled pictures."""

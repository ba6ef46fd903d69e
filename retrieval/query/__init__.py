"""Queries: as checked values, as one line of text, and as JSON."""

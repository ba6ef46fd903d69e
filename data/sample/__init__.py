"""The sample collection, drawn with numpy alone: pictures of sixteen classes, free of any licence."""

from .collection import COUNT, HEADER, Sample, csv_rows, draw_collection

__all__ = ["COUNT", "HEADER", "Sample", "csv_rows", "draw_collection"]

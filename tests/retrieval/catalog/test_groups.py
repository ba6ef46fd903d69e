"""What images are grouped by, on every database: the day on which they were taken, and their folders."""

from __future__ import annotations

from datetime import datetime

import pytest

from retrieval.catalog import WritableCatalog, reader
from tests.databases import new_image


@pytest.mark.parametrize("many", [2, 100])
def test_days_and_folders_are_those_of_the_images(
    catalog: WritableCatalog, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """Read for some ids, and at once for all where many are asked for."""
    monkeypatch.setattr(reader, "MANY", many)
    times = (datetime(2020, 6, 17, 23, 59, 59), datetime(999, 1, 2), None)
    with catalog.writing() as writer:
        ids = writer.add_images([new_image(number, taken_at=time) for number, time in enumerate(times)])
        for path, image_id in ((b"/p/b/1.jpg", 1), (b"/P/a/1.jpg", 1), (b"/2.jpg", 2)):
            writer.add_location(path, ids[image_id - 1], mtime=0, size=1)
        writer.mark_missing([b"/P/a/1.jpg"])
    with catalog.reading() as opened:
        assert opened.load_days(ids) == {ids[0]: "2020-06-17", ids[1]: "0999-01-02"}
        folders = opened.load_folders(ids)
        assert folders == {ids[0]: "/p/b", ids[1]: "/"}
        images = opened.load_images(ids)
    assert all(images[image_id].path.startswith(folder) for image_id, folder in folders.items())

"""Values that begin with a text, and their numbers of images: the same on both databases."""

from __future__ import annotations

from datetime import datetime

from retrieval import Annotation, Filters
from retrieval.catalog import WritableCatalog
from tests.databases import new_image

TAGS = (("Sea side", "boat"), ("sea SIDE",), ("Überlingen", "boat"), ("50%", "5_"), ("old sea",))


def test_values_are_counted_as_conditions_find_them(catalog: WritableCatalog) -> None:
    with catalog.writing() as writer:
        for number, tags in enumerate(TAGS):
            [image_id] = writer.add_images([new_image(number, taken_at=datetime(2019 + number % 2, 5, 1))])
            writer.add_location(
                f"/Photos/{2019 + number % 2}/{number}.jpg".encode(), image_id, mtime=0, size=1
            )
            facts = [Annotation("tag", tag, "captions") for tag in tags]
            writer.replace_annotations(image_id, "captions", facts)
    with catalog.reading() as reader:
        assert reader.count_values("tag", "", 9) == [
            ("boat", 2), ("Sea side", 2), ("50%", 1), ("5_", 1), ("old sea", 1), ("Überlingen", 1),
        ]  # fmt: skip
        assert reader.count_values("tag", "SEA", 9) == [("Sea side", 2), ("old sea", 1)]
        assert reader.count_values("tag", "ü", 9) == [("Überlingen", 1)]
        assert reader.count_values("tag", "5_", 9) == [("5_", 1)]
        assert reader.count_values("tag", "%", 9) == []
        assert reader.count_values("tag", "", 1) == [("boat", 2)]
        assert reader.count_years() == [("2020", 2), ("2019", 3)]
        assert reader.count_formats() == [("jpeg", 5)]
        assert reader.count_folders() == [("/photos/2019/", 3), ("/photos/2020/", 2)]
        for tag, count in reader.count_values("tag", "", 9):
            assert len(reader.find_ids(Filters(tags=(tag,)))) == count

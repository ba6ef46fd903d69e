"""Which names belong together: a picture, and what lies beside it."""

from __future__ import annotations

import os

import pytest

from indexer.run.sidecar_names import sidecar_stem, sidecar_stems

FACES = "😀😃😄😁😆😅😂🤣🥲☺️😊😇🙂🙃😉😌😍🥰😘😗😙😚"  # 44 units of UTF-16
LONG = "123456789123456789123456789123456789_DSC0001"  # 44 units as well


def belongs_to(sidecar: str, picture: str) -> bool:
    return sidecar_stem(os.fsencode(f"/p.q/{sidecar}")) in sidecar_stems(os.fsencode(f"/p.q/{picture}"))


@pytest.mark.parametrize(
    ("picture", "sidecar"),
    [
        # GooglePhotosTakeoutHelper#8: the number belongs to the name.
        ("Schneifel in der Urlaub in Knaufspesch in (38).JPG", "Schneifel in der Urlaub in Knaufspesch in (38).json"),
        (
            "Urlaub in Knaufspesch in der Schneifel (38).JPG",
            "Urlaub in Knaufspesch in der Schneifel (38).JP.json",
        ),
        ("boat (2).jpg", "boat (2).jpg.supplemental-metadata.json"),
        # ente#4956: or it was given to the second picture of a name, and comes last.
        ("IMG_1234(1).jpg", "IMG_1234.jpg.supplemental-metadata(1).json"),
        ("IMG_1234(1).jpg", "IMG_1234.jpg(1).json"),
        ("IMG_20200101_120000_BURST1(1).jpg", "IMG_20200101_120000_BURST1.jpg.supplemental-me(1).json"),
        # A letter with a mark in one code point or in two, as macOS and Linux write it.
        ("U\u0308bung.jpg", "\u00dcbung.jpg.xmp"),
        ("\u00dcbung.jpg", "U\u0308bung.xmp"),
        # immich-go#674: without the picture's ending.
        ("Peanut Butter Balls.jpg", "Peanut Butter Balls.supplemental-metadata.json"),
        ("2234089303984509579-edited.jpg", "2234089303984509579.supplemental-metadata.json"),
        ("Peanut Butter Balls(1).jpg", "Peanut Butter Balls.supplemental-metadata(1).json"),
        # immich-go#35: names are cut in UTF-16, never within a character.
        (f"{FACES}😋😛.jpg", f"{FACES}😋.json"),
        (f"{FACES}x😋😛.jpg", f"{FACES}x.json"),
        (
            "PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGINA.jpg",
            "PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGIN.json",
        ),
        (
            "05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jpg",
            "05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jp.json",
        ),
        # pulsejet/memories#1559
        ("Screenshot_2017-07-05-10-05-26.png", "Screenshot_2017-07-05-10-05-26.png.supplementa.json"),
        (
            "Screenshot_20220207_102421_com.snapchat.android.jpg",
            "Screenshot_20220207_102421_com.snapchat.androi.json",
        ),
        ("D7157814-D2D5-4A62-AFCE-9CF465CB7D66.jpeg", "D7157814-D2D5-4A62-AFCE-9CF465CB7D66.jpeg.supp.json"),
        # Edited pictures, in the languages that GooglePhotosTakeoutHelper lists (extras.dart).
        ("boat-edited.jpg", "boat.jpg.supplemental-metadata.json"),
        ("boat-bearbeitet.jpg", "boat.jpg.json"),
        ("boat-編集済み.jpg", "boat.jpg.json"),
        ("boat-ha editado.jpg", "boat.jpg.json"),
        ("boat-edited(1).jpg", "boat.jpg.supplemental-metadata(1).json"),
        # GooglePhotosTakeoutHelper_Neo#29: what is added may be cut too.
        (f"{LONG}-ed.jpg", f"{LONG}.j.json"),
        (f"{LONG}-ha.jpg", f"{LONG}.j.json"),
        # The ending of the picture, or that of the sidecar, in another letter case.
        ("boat.JPG", "boat.jpg.XMP"),
        ("boat.jpg", "boat.JPG.xmp"),
        ("boat.jpg", "boat.Json"),
    ],
)  # fmt: skip
def test_they_belong_together(picture: str, sidecar: str) -> None:
    assert belongs_to(sidecar, picture)


@pytest.mark.parametrize(
    ("picture", "sidecar"),
    [
        ("boat.jpg", "boat.jpg.supplemental-metadata(1).json"),
        ("boat(1).jpg", "boat.jpg.supplemental-metadata.json"),
        ("boat(1).jpg", "boat.jpg.supplemental-metadata(2).json"),
        ("boat(1).jpg", "boat.jpg.json"),
        ("boat.jpg", "boat-edited.jpg.json"),
        ("boat-ed.jpg", "boat.jpg.json"),  # not cut: it is called so
        ("boat.jpg", "Boat.jpg.json"),
        ("boat.jpg", "boat.jpg.other.json"),
        ("boat.jpg", "boat.png.supplemental-metadata.json"),
        (f"{FACES}x😋.jpg", f"{FACES}y.json"),
    ],
)
def test_they_do_not(picture: str, sidecar: str) -> None:
    assert not belongs_to(sidecar, picture)


@pytest.mark.parametrize(
    "name", [b"", b".jpg", b"(1)", b"(1).jpg", b"-edited.jpg", b"\xff\xed\xa0\xbd.jpg", b"a" * 255]
)
def test_any_name_has_stems(name: bytes) -> None:
    stems = sidecar_stems(b"/p/" + name)
    assert all(stem.startswith(b"/p/") for stem in stems)
    assert len(stems) == len(set(stems))

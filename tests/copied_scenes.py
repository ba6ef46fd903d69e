"""A library of drawn scenes, some of which lie there several times: as they are, changed, and packed otherwise."""

from __future__ import annotations

import shutil
from pathlib import Path

from PIL import Image, ImageOps

from tests.drawing import draw_scene, write_scenes
from tests.indexing import index_folder


def make_copied_library(folder: Path) -> Path:
    """Images 1 to 6 are scenes. Of scene 0 there is a second file, of scene 1 a mirrored and a grey copy (7 and
    8), of scene 2 one packed as PNG with the same pixels.
    """
    pictures = folder / "pictures"
    scenes = write_scenes(pictures, 6)
    copies = pictures / "z"
    copies.mkdir()
    shutil.copy(scenes[0], copies / "again.jpg")
    scene = Image.fromarray(draw_scene(1, 320, 240))
    ImageOps.mirror(scene).save(copies / "mirrored.png")
    scene.convert("L").save(copies / "ungrey.png")
    with Image.open(scenes[2]) as opened:
        opened.convert("RGB").save(copies / "packed.png")
    index_folder(folder / "library", pictures)
    return folder / "library"

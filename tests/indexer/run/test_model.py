"""A library against a dictionary: files come, change, move and go, runs are killed, and searches stay right.

PICTOR_MODELS sets how many histories are tried.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from indexer.run.pipeline import index
from indexer.upkeep.check import check_library
from indexer.upkeep.opening import open_existing
from retrieval import USER_SOURCE, Annotation, Image, Library, Options, Query, StoredPicture, path_bytes
from retrieval.pictures.images import encode_png
from tests.drawing import draw_scene, png_chunk
from tests.indexer.command import ROOT, make_without_backbone
from tests.indexer.contents import image_at
from tests.metadata_files import xmp_list, xmp_packet

SETTINGS = {"PICTOR_BATCH_SIZE": "2", "PICTOR_PUBLISH_SHARE": "0.01"}
NAMES = st.sampled_from([f"{folder}picture-{number}.png" for folder in ("", "deep/") for number in range(4)])
SEEDS = st.integers(0, 5)  # few, so that the same content lies in several places now and then
WORDS = st.sampled_from(["", "lighthouse", "windmill", "harbour"])


def encode_scene(seed: int, keyword: str) -> bytes:
    """The PNG of a scene, with a keyword in it unless that is empty."""
    data = encode_png(draw_scene(seed, 48, 36))
    if not keyword:
        return data
    text = b"XML:com.adobe.xmp\0\0\0\0\0" + xmp_packet(xmp_list("dc:subject", keyword))
    return data[:-12] + png_chunk(b"iTXt", text) + data[-12:]


class Histories(RuleBasedStateMachine):
    """`files` is what lies in the folder, by name; `shown` what the last whole run saw of it.

    `scenes`: the scene and the keyword in each file. `sidecars`: what lies beside a name, with a picture or
    without. `titles`: what a person said of a scene that was in the folder in every run since.
    """

    @initialize()
    def start_history(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.pictures = self.root / "pictures"
        (self.pictures / "deep").mkdir(parents=True)
        self.library = make_without_backbone(self.root / "library")
        self.files: dict[str, str] = {}
        self.shown: dict[str, str] = {}
        self.scenes: dict[str, tuple[int, str]] = {}
        self.sidecars: dict[str, str] = {}
        self.titles: dict[int, str] = {}
        self.clock = 1_700_000_000  # every change is seen: no two have one time
        self.write_picture("picture-0.png", 0)

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @rule(name=NAMES, seed=SEEDS, keyword=WORDS)
    def write_picture(self, name: str, seed: int, keyword: str = "") -> None:
        """A new file, or another content for an old one."""
        data = encode_scene(seed, keyword)
        (self.pictures / name).write_bytes(data)
        self.set_new_time(name)
        self.files[name] = hashlib.sha256(data).hexdigest()
        self.scenes[name] = seed, keyword

    @rule(data=st.data(), keyword=WORDS)
    def write_metadata(self, data: st.DataObject, keyword: str) -> None:
        """Another keyword in a file; its pixels stay."""
        name = data.draw(st.sampled_from(sorted(self.files)))
        self.write_picture(name, self.scenes[name][0], keyword)

    @rule(name=NAMES, words=WORDS)
    def write_sidecar(self, name: str, words: str) -> None:
        """Words beside a name; none at all remove the file."""
        sidecar = self.sidecar_path(name)
        if words:
            sidecar.write_text(words)
            self.set_new_time(sidecar.relative_to(self.pictures).as_posix())
            self.sidecars[name] = words
        elif self.sidecars.pop(name, ""):
            sidecar.unlink()

    @precondition(lambda self: len(self.files) > 1)
    @rule(data=st.data(), to=NAMES, with_sidecar=st.booleans())
    def move_picture(self, data: st.DataObject, to: str, with_sidecar: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.files)))
        (self.pictures / name).rename(self.pictures / to)
        self.files[to], self.scenes[to] = self.files.pop(name), self.scenes.pop(name)
        if with_sidecar and name in self.sidecars:
            self.sidecar_path(name).rename(self.sidecar_path(to))
            self.sidecars[to] = self.sidecars.pop(name)

    def sidecar_path(self, name: str) -> Path:
        return (self.pictures / name).with_suffix(".txt")

    @precondition(lambda self: len(self.files) > 1)
    @rule(data=st.data())
    def remove_picture(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.files)))
        (self.pictures / name).unlink()
        del self.files[name], self.scenes[name]

    def set_new_time(self, name: str) -> None:
        self.clock += 1
        os.utime(self.pictures / name, (self.clock, self.clock))

    @rule()
    def run_index(self) -> None:
        """A whole run: the library shows what lies in the folder, and nothing else."""
        with open_existing(self.library) as opened:
            index(opened, [path_bytes(self.pictures)], captions={}, on_event=lambda _: None)
            assert list(check_library(opened)) == []
        self.shown = dict(self.files)
        assert self.shown_contents() == self.shown
        self.forget_titles()
        for name in self.files:
            self.check_words(name)

    def check_words(self, name: str) -> None:
        """The image has what its files, and the files beside them, state now, and what a person said."""
        scene = self.scenes[name][0]
        image = image_at(self.library, self.pictures / name)
        same = [other for other, (seed, _) in self.scenes.items() if seed == scene]
        assert set(image.tags) == {self.scenes[other][1] for other in same} - {""}
        beside = {self.sidecars[other] for other in same if other in self.sidecars}
        assert set(image.field_values("caption")) == beside
        assert image.title == self.titles.get(scene, image.title)

    def forget_titles(self) -> None:
        """A run may forget an image none of whose files is there."""
        present = {seed for seed, _ in self.scenes.values()}
        self.titles = {seed: title for seed, title in self.titles.items() if seed in present}

    @rule(words=st.sampled_from(["Golden Wedding", "Silver Wedding"]))
    def state_title(self, words: str) -> None:
        """A person says something of an image that lies where the last whole run saw it."""
        names = sorted(name for name in self.files if self.shown.get(name) == self.files[name])
        if not names:
            return
        image = image_at(self.library, self.pictures / names[0])
        with open_existing(self.library) as opened, opened.catalog.writing() as writer:
            writer.replace_annotations(image.id, USER_SOURCE, [Annotation("title", words, USER_SOURCE)])
        self.titles[self.scenes[names[0]][0]] = words

    @rule(lines=st.integers(1, 8))
    def kill_run(self, lines: int) -> None:
        """A run that dies after some of its events: every place shows what it showed, or what lies there."""
        command = [sys.executable, "-m", "indexer.cli", "index", "--json", "--library", str(self.library)]
        with subprocess.Popen(
            [*command, str(self.pictures)], cwd=ROOT, env=os.environ | SETTINGS, stdout=subprocess.PIPE
        ) as run:
            assert run.stdout
            for _ in range(lines):
                run.stdout.readline()
            run.send_signal(signal.SIGKILL)
        self.forget_titles()
        shown = self.shown_contents()
        for name in shown.keys() | self.shown.keys():
            assert shown.get(name) in (self.shown.get(name), self.files.get(name)), name
        self.shown = shown

    @rule()
    def rebuild_projections(self) -> None:
        with open_existing(self.library) as opened:
            opened.publish(anew=True)

    @rule()
    def search_every_image(self) -> None:
        """Every image with a place is first among all that look like it."""
        with Library.open(self.library) as opened:
            for image_id in self.stored_images(opened):
                query = Query(
                    (StoredPicture(image_id),), include_examples=True, options=Options(weaker=True), limit=1
                )
                assert [hit.id for hit in opened.search(query).hits] == [image_id]

    def shown_contents(self) -> dict[str, str]:
        """What the library shows where, by name; missing places are not shown."""
        with Library.open(self.library) as opened:
            return {
                Path(location.display).relative_to(self.pictures).as_posix(): location.sha256
                for image in self.stored_images(opened).values()
                for location in image.locations
                if location.missing_since is None
            }

    def stored_images(self, opened: Library) -> dict[int, Image]:
        with opened.catalog.reading() as reader:
            return dict(reader.load_images(reader.find_ids().tolist()))


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=int(os.environ.get("PICTOR_MODELS", "4")),
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

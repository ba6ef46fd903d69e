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
from retrieval import Image, Library, Options, Query, StoredPicture, path_bytes
from retrieval.pictures.images import encode_png
from tests.drawing import draw_scene
from tests.indexer.command import ROOT, make_without_backbone

SETTINGS = {"PICTOR_BATCH_SIZE": "2", "PICTOR_PUBLISH_SHARE": "0.01"}
NAMES = st.sampled_from([f"{folder}picture-{number}.png" for folder in ("", "deep/") for number in range(4)])
SEEDS = st.integers(0, 5)  # few, so that the same content lies in several places now and then


class Histories(RuleBasedStateMachine):
    """`files` is what lies in the folder, by name; `shown` what the last whole run saw of it."""

    @initialize()
    def start_history(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.pictures = self.root / "pictures"
        (self.pictures / "deep").mkdir(parents=True)
        self.library = make_without_backbone(self.root / "library")
        self.files: dict[str, str] = {}
        self.shown: dict[str, str] = {}
        self.clock = 1_700_000_000  # every change is seen: no two have one time
        self.write_picture("picture-0.png", 0)

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @rule(name=NAMES, seed=SEEDS)
    def write_picture(self, name: str, seed: int) -> None:
        """A new file, or another content for an old one."""
        data = encode_png(draw_scene(seed, 48, 36))
        (self.pictures / name).write_bytes(data)
        self.set_new_time(name)
        self.files[name] = hashlib.sha256(data).hexdigest()

    @precondition(lambda self: len(self.files) > 1)
    @rule(data=st.data(), to=NAMES)
    def move_picture(self, data: st.DataObject, to: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.files)))
        (self.pictures / name).rename(self.pictures / to)
        self.files[to] = self.files.pop(name)

    @precondition(lambda self: len(self.files) > 1)
    @rule(data=st.data())
    def remove_picture(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.files)))
        (self.pictures / name).unlink()
        del self.files[name]

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
                Path(location.display).relative_to(self.pictures).as_posix(): image.sha256
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

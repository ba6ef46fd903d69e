"""A pool in files of limited size gives the same pictures elsewhere, the most wanted ones first."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from indexer.cli import cli
from indexer.training.pool import ROW, Pool
from indexer.training.shards import draw_order, pack_pool
from tests.indexer.training.test_pool import made, write

LIMIT = 8000


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    folder = tmp_path_factory.mktemp("pictures")
    return made(folder / "pool", write(folder / "a", range(4)), write(folder / "b", range(4, 12)))


def pack(pool: Pool, folder: Path, most: int = 99) -> list[Path]:
    return pack_pool(
        pool,
        folder,
        side=40,
        quality=90,
        limit=LIMIT,
        most=most,
        seed=1,
        on_progress=lambda done, total: None,
    )


def test_every_picture_arrives_in_files_of_the_asked_size(pool: Pool, tmp_path: Path) -> None:
    shards = pack(pool, tmp_path / "shards")
    assert len(shards) > 1
    assert max(path.stat().st_size for path in shards) <= LIMIT
    for path in shards:
        with zipfile.ZipFile(path) as file:
            file.extractall(tmp_path / "unpacked")
    counts = {folder.name: len(list(folder.iterdir())) for folder in (tmp_path / "unpacked").iterdir()}
    assert counts == {"000": 4, "001": 8}
    again = made(tmp_path / "pool", tmp_path / "unpacked" / "000", side=40)
    assert {again.get_picture(place).shape for place in range(4)} == {(40, 53, 3)}


def test_no_more_files_than_asked_for(pool: Pool, tmp_path: Path) -> None:
    assert len(pack(pool, tmp_path, most=1)) == 1


def test_what_is_seen_more_often_comes_earlier() -> None:
    rows = np.array([(0, 200, 200, place % 2) for place in range(2000)], ROW)
    order = np.array(draw_order(Pool(np.zeros(1, np.uint8), rows, (1.0, 4.0)), 1))
    assert sorted(order) == list(range(2000))
    assert (order[:400] % 2).mean() == pytest.approx(0.8, abs=0.06)


def test_the_command_packs_the_pool_of_a_training(pool: Pool, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    made(tmp_path / "pool", write(folder, range(3)))
    arguments = ["train", "pack", tmp_path / "pool", "--out", tmp_path / "shards", "--side", 40, "--json"]
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "shards" / "shard-000.zip").exists()

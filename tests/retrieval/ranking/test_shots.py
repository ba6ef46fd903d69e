"""Which files are one shot: names and times from public reports and manuals, each with its source."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from retrieval.ranking.groups import Group, group_by_number
from retrieval.ranking.ranking import Ranking
from retrieval.ranking.shots import (
    BURST_SECONDS,
    SECONDS,
    ShotFile,
    ShotPair,
    find_shot_pairs,
    join_pairs,
    parse_shot_name,
)

NOON = datetime(2019, 7, 1, 12, 0, 0)
LATER = NOON + timedelta(days=400)
ALWAYS, IF_ALIKE, NEVER = True, False, None


def judge_files(*files: tuple[str, datetime | None]) -> bool | None:
    """What is found about two files, given by their paths and times."""
    split = [(path.rpartition("/"), taken) for path, taken in files]
    pairs = find_shot_pairs([ShotFile(folder, name, taken) for (folder, _, name), taken in split])
    return pairs[0].is_sure if pairs else None


# Two names in one folder that are one shot where the times agree.
SAME_SHOT = [
    ("IMG_1234.CR2", "IMG_1234.JPG"),  # darktable's manual, "grouping": same name, other ending
    ("3H2A0040.CR3", "3H2A0040.JPG"),  # simulot/immich-go, issue 45
    ("_DSC8829.NEF", "_DSC8829.jpeg"),  # RhetTbull/osxphotos, issue 1508
    ("IMG_4177.HEIC", "IMG_4177.jpg"),  # simulot/immich-go 0.23: --manage-heic-jpeg
    ("IMG_1636.JPG", "IMG_E1636.JPG"),  # joz-k/ios_backup_extractor, issue 11
    ("IMG_1822.HEIC", "IMG_E1822.jpg"),  # RhetTbull/osxphotos, issue 1871: IMG_{edited_version?E,}{id:04d}
    ("DSC_0107.jpg", "DSC_0107-edited.jpg"),  # the edited pictures of Google's Takeout
    ("DSC_0107.jpg", "DSC_0107-bearbeitet.jpg"),  # the same in German
    ("IMG_3070.DNG", "IMG_3070_edited.jpeg"),  # RhetTbull/osxphotos, issue 1508: the suffix _edited
    ("IMG_0001.CR2", "IMG_0001-Edit.tif"),  # Lightroom Classic, "Edit in": the original name with -Edit
    ("IMG_0001-Edit.tif", "IMG_0001-Edit-2.tif"),  # and a second one
    ("PXL_20230604_172812686.jpg", "PXL_20230604_172812686~2.jpg"),  # Majorfi/immich-stack, issue 38
    ("PXL_20240407_152207242.RAW-01.COVER.jpg", "PXL_20240407_152207242.RAW-02.ORIGINAL.dng"),  # immich 8674
    ("PXL_20250907_130834063.RAW-01.COVER~2.jpg", "PXL_20250907_130834063.RAW-02.ORIGINAL.dng"),  # edited
    ("IMG_1.jpg", "IMG_1 - Copy.jpg"),  # Windows, copied in the same folder
    ("IMG_1.jpg", "IMG_1 - Kopie (2).jpg"),  # the same in German, twice
    ("IMG_1.jpg", "IMG_1 copy 2.jpg"),  # macOS, duplicated twice
    ("IMG_1.jpg", "Kopie von IMG_1.jpg"),  # Google Drive in German
    ("IMG_1234.HEIC", "IMG_1234.HEIC.jpg"),  # converted by a program that adds its ending
    ("boat(1).jpg", "boat-edited(1).jpg"),  # Takeout numbers the second boat.jpg, and its edited copy
    ("boat(1).CR2", "boat(1).jpg"),
    # simulot/immich-go, issues 45, 345 and 1259
    ("IMG_20231014_183246_BURST001_COVER.jpg", "IMG_20231014_183246_BURST002.jpg"),
    ("DSC_0001_BURST20230709220904977.JPG", "DSC_0052_BURST20230709220904977_COVER.JPG"),
    # nextcloud/photos, issue 298
    (
        "00000PORTRAIT_00000_BURST20200418222652648.jpg",
        "00100lrPORTRAIT_00100_BURST20200418222652648_COVER.jpg",
    ),
]

# Two names in one folder that are two shots even at the same second.
OTHER_SHOT = [
    ("IMG_1234.JPG", "IMG_1235.JPG"),
    (
        "2020-12-05_15-42-39_5885.jpg",
        "2020-12-05_15-42-39_5886.jpg",
    ),  # photoprism, issue 681: wrongly stacked
    ("2016.01.01-17.39.22.jpg", "2016.01.01-17.39.42.jpg"),  # photoprism, issue 308: wrongly stacked
    ("wedding(1).jpg", "wedding(2).jpg"),  # photoprism, issue 667: 356 pictures in one stack
    ("116712697_p0.png", "116712697_p1.png"),  # photoprism, issue 4094: two drawings
    ("20190818_212242_025.jpg", "20190818_212242_026.jpg"),  # a burst, but its name does not say so
    ("IMG_1.jpg", "IMG_10.jpg"),
    ("IMG_1234.jpg", "IMG_1234-2.jpg"),  # a second picture of the same name in many programs
    ("IMG_12.jpg", "IMG_E13.jpg"),
    ("BURST001.jpg", "IMG_BURST001.jpg"),
    ("DSC_0001_BURST20230709220904977.JPG", "DSC_0001_BURST20230709220911222.JPG"),  # two bursts
    ("edited.jpg", "copy.jpg"),
]


@pytest.mark.parametrize("names", SAME_SHOT, ids=" ".join)
class TestOneShot:
    def test_at_the_same_time(self, names: tuple[str, str]) -> None:
        for one, other in (names, reversed(names)):
            assert judge_files((f"/p/{one}", NOON), (f"/p/{other.upper()}", NOON)) is ALWAYS

    def test_not_at_another_time(self, names: tuple[str, str]) -> None:
        """IMG_8234 of two days: photoprism, issue 2919; mattdavis90/immich-stacker, issue 3."""
        assert judge_files((f"/p/{names[0]}", NOON), (f"/p/{names[1]}", LATER)) is NEVER

    def test_without_a_time_if_they_look_alike(self, names: tuple[str, str]) -> None:
        """ben.jpg and ben.jpeg may be two pictures: photoprism, issue 842."""
        for times in ((None, None), (NOON, None), (None, NOON)):
            assert judge_files(*zip((f"/p/{name}" for name in names), times, strict=True)) is IF_ALIKE

    def test_not_in_another_folder(self, names: tuple[str, str]) -> None:
        """The same names in folders of other years: photoprism, discussion 3248."""
        for folder in ("/2018/", "/p/101CANON/", "/p/b/"):
            assert judge_files((f"/p/{names[0]}", NOON), (f"{folder}{names[1]}", NOON)) is NEVER


@pytest.mark.parametrize("names", OTHER_SHOT, ids=" ".join)
def test_two_shots(names: tuple[str, str]) -> None:
    assert judge_files(*((f"/p/{name}", NOON) for name in names)) is NEVER


class TestNumbers:
    def test_a_number_may_be_that_of_another_picture(self) -> None:
        """Takeout calls the second of two pictures named boat.jpg boat(1).jpg: they must look alike."""
        assert judge_files(("/p/boat.jpg", NOON), ("/p/boat(1).jpg", NOON)) is IF_ALIKE
        assert judge_files(("/p/boat.jpg", None), ("/p/boat(1).jpg", NOON)) is NEVER
        assert judge_files(("/p/boat.jpg", None), ("/p/boat (1).jpg", None)) is NEVER

    def test_three_hundred_numbers_make_no_pair(self) -> None:
        files = [ShotFile("/p", f"wedding({number}).jpg", NOON) for number in range(1, 357)]
        assert find_shot_pairs(files) == []

    def test_a_number_belongs_to_the_file_that_was_taken_then(self) -> None:
        """Of thousands of files with one name only those of the time are compared."""
        times = [NOON + timedelta(minutes=number) for number in range(900)]
        files = [
            ShotFile(f"/p/{folder}", "boat.jpg", time)
            for folder, time in zip(["raw"] * 900, times, strict=True)
        ]
        pairs = find_shot_pairs([*files, ShotFile("/p", "boat(7).jpg", times[500])])
        assert pairs == [(500, 900, IF_ALIKE)]


class TestFolders:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("/p/trip/IMG_1.JPG", "/p/trip/RAW/IMG_1.CR2"),
            ("/p/trip/jpg/IMG_1.JPG", "/p/trip/raw/IMG_1.CR2"),
            ("/p/trip/IMG_1.CR2", "/p/trip/darktable_exported/IMG_1.jpg"),  # darktable's folder for exports
            ("/p/trip/IMG_1.CR2", "/p/trip/converted/IMG_1.jpg"),  # RawTherapee's queue
            ("/p/trip/Originals/IMG_1.HEIC", "/p/trip/Edited/IMG_1.jpg"),
        ],
    )
    def test_folders_of_versions_need_equal_times(self, one: str, other: str) -> None:
        assert judge_files((one, NOON), (other, NOON)) is ALWAYS
        assert judge_files((one, NOON), (other, LATER)) is NEVER
        assert judge_files((one, NOON), (other, None)) is NEVER


class TestTimes:
    @pytest.mark.parametrize(
        ("names", "limit"),
        [
            (("IMG_1.CR2", "IMG_1.JPG"), SECONDS),
            (("IMG_1_BURST001.JPG", "IMG_1_BURST002.JPG"), BURST_SECONDS),
        ],
    )
    def test_they_may_differ_a_little(self, names: tuple[str, str], limit: int) -> None:
        for seconds, expected in ((limit, ALWAYS), (-limit, ALWAYS), (limit + 1, NEVER)):
            other = NOON + timedelta(seconds=seconds)
            assert judge_files((f"/p/{names[0]}", NOON), (f"/p/{names[1]}", other)) is expected


class TestGroups:
    def test_what_is_one_shot_with_the_same_file_is_one_shot(self) -> None:
        names = ["b.jpg", "IMG_1.CR2", "IMG_2.JPG", "IMG_1.JPG", "IMG_1-edited.jpg", "IMG_2.CR2"]
        pairs = find_shot_pairs([ShotFile("/p", name, NOON) for name in names])
        assert join_pairs(pairs, len(names)) == [0, 1, 2, 1, 1, 2]

    def test_a_long_burst_is_one_shot(self) -> None:
        """A second apart, so its ends differ by more than a burst may; in any order, with or without times."""
        for has_time in (True, False):
            files = [
                ShotFile("/p", f"IMG_1_BURST{n:03}.jpg", NOON + timedelta(seconds=n) if has_time else None)
                for n in (*range(50, 100), *range(50))
            ]
            pairs = find_shot_pairs(files)
            assert len(pairs) < 4 * len(files)
            assert set(join_pairs(pairs, len(files))) == {0}

    def test_a_chain_is_one_shot(self) -> None:
        assert join_pairs([ShotPair(2, 3, True), ShotPair(0, 1, True), ShotPair(1, 3, True)], 5) == [
            0,
            0,
            0,
            0,
            4,
        ]

    def test_the_best_ranked_one_is_shown(self) -> None:
        ranking = Ranking.from_scores([7, 8, 9, 10], [0.9, 0.8, 0.7, 0.7])
        grouped = group_by_number(ranking, [0, 1, 0, 1], [3, 1, 0, 0])
        assert grouped.ranking.ids.tolist() == [7, 8]
        assert grouped.groups == {7: Group((9,)), 8: Group((10,))}

    def test_of_equal_scores_the_edited_picture_then_the_camera_s_then_the_raw_file(self) -> None:
        names = ["IMG_1.CR2", "IMG_1.JPG", "IMG_1 copy.jpg", "IMG_1-edited.jpg"]
        preferences = [parse_shot_name(name).preference for name in names]
        assert preferences == [3, 1, 2, 0]
        unranked = Ranking.from_scores([1, 2, 3, 4], [0.0] * 4)
        assert group_by_number(unranked, [0] * 4, preferences).groups == {4: Group((1, 2, 3))}
        assert group_by_number(unranked.top(3), [0] * 3, preferences[:3]).groups == {2: Group((1, 3))}

"""Which of the dates in a file counts, and how they are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from retrieval import read_metadata, read_sidecar
from retrieval.pictures.metadata.dates import parse_date
from tests.metadata_files import exif_block, iptc_block, jpeg_file, png_text_file, xmp_packet

ORIGINAL, DIGITIZED, CHANGED = 0x9003, 0x9004, 0x0132


def zone(hours: float) -> timezone:
    return timezone(timedelta(hours=hours))


def time_of(data: bytes) -> tuple[str, str, str] | None:
    """Source, field and value of the only fact about time."""
    times = [tuple(fact) for fact in read_metadata(data).facts if fact.field in ("taken", "modified")]
    assert len(times) <= 1
    return times[0] if times else None  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2019:06:17 12:34:56", datetime(2019, 6, 17, 12, 34, 56)),
        ("2019:06:17 12:34:56+02:00", datetime(2019, 6, 17, 12, 34, 56, tzinfo=zone(2))),
        ("2016-01-28T12:21:20", datetime(2016, 1, 28, 12, 21, 20)),
        (  # the day that it was there
            "2016-01-28T23:21:20.512-11:00",
            datetime(2016, 1, 28, 23, 21, 20, tzinfo=zone(-11)),
        ),
        ("2021-12-06T03:29Z", datetime(2021, 12, 6, 3, 29, tzinfo=UTC)),
        ("2003-08-31", datetime(2003, 8, 31)),
        ("2003-08", datetime(2003, 8, 1)),
        ("1953", datetime(1953, 1, 1)),
        ("19890505 140845+0200", datetime(1989, 5, 5, 14, 8, 45, tzinfo=zone(2))),
        ("2019:06:17 12:34:56 +05:45", datetime(2019, 6, 17, 12, 34, 56, tzinfo=zone(5.75))),  # Nepal
        ("2019-06-17T12:34:56-0330", datetime(2019, 6, 17, 12, 34, 56, tzinfo=zone(-3.5))),  # Newfoundland
        ("2019-06-17 12:34:56 +15:00", datetime(2019, 6, 17, 12, 34, 56)),  # nowhere
        ("2019-06-17 12:34:56 +02:75", datetime(2019, 6, 17, 12, 34, 56)),
        ("2019-06-17 +02:00", datetime(2019, 6, 17)),  # without a time
        ("19530000", datetime(1953, 1, 1)),  # IPTC: month and day are not known
        ("1953:00:00 00:00:00", datetime(1953, 1, 1)),
        ("1989:05:05   :  :  ", datetime(1989, 5, 5)),  # Exif: the time is not known
        ("2016:12:31 23:59:60", datetime(2016, 12, 31, 23, 59, 59)),
        ("Sun, 25 Jan 2009 12:21:20 +0100", datetime(2009, 1, 25, 12, 21, 20, tzinfo=zone(1))),
        ("Sun, 25 Jan 2009 12:21:20 GMT", datetime(2009, 1, 25, 12, 21, 20, tzinfo=UTC)),
        ("Mon 12 Apr 2021 05:14:22 PM CEST", datetime(2021, 4, 12, 17, 14, 22)),
        ("    :  :     :  :  ", None),
        ("0000:00:00 00:00:00", None),
        ("2019:13:17 12:34:56", None),
        ("2019:02:30", None),
        ("soon", None),
        ("", None),
    ],
)
def test_dates_are_read_as_they_are_written(text: str, moment: datetime | None) -> None:
    """Time zones after photoprism#2320 and sortphotos#158, unknown parts after Exif 2.32 and IPTC-IIM."""
    assert parse_date(text) == moment


def test_a_date_of_the_shot_comes_before_one_of_the_file() -> None:
    """lycheesync#37: a Nikon D7000 with a ModifyDate of a year later; a scan with CreateDate only."""
    shot = exif_block(
        {CHANGED: "2015:03:15 07:59:19"},
        exif={ORIGINAL: "2014:01:12 13:58:55", DIGITIZED: "2014:01:13 00:00:00"},
    )
    assert time_of(jpeg_file(exif=shot)) == ("exif", "taken", "2014-01-12 13:58:55")
    scan = exif_block({CHANGED: "2022:03:03 10:00:00"}, exif={DIGITIZED: "1989:05:05 14:08:45"})
    assert time_of(jpeg_file(exif=scan)) == ("exif", "taken", "1989-05-05 14:08:45")


def test_a_date_that_somebody_set_comes_before_that_of_the_scan() -> None:
    """What Lightroom writes where a scan has the day of the scan as its CreateDate."""
    scan = exif_block({CHANGED: "2008:07:31 10:50:00"}, exif={DIGITIZED: "2008:07:30 10:00:00"})
    by_xmp = jpeg_file(exif=scan, xmp=xmp_packet("", 'photoshop:DateCreated="1953"'))
    assert time_of(by_xmp) == ("xmp", "taken", "1953-01-01 00:00:00")
    by_iptc = jpeg_file(exif=scan, iptc=iptc_block((2, 55, b"19530617"), (2, 60, b"120000+0100")))
    assert time_of(by_iptc) == ("iptc", "taken", "1953-06-17 12:00:00+01:00")


def test_the_date_of_a_change_is_called_so() -> None:
    changed = jpeg_file(exif=exif_block({CHANGED: "2022:03:03 10:00:00"}))
    assert time_of(changed) == ("exif", "modified", "2022-03-03 10:00:00")
    assert time_of(jpeg_file(xmp=xmp_packet("", 'xmp:ModifyDate="2022-03-03"'))) == (
        "xmp",
        "modified",
        "2022-03-03 00:00:00",
    )


def test_exif_comes_before_xmp_and_iptc_for_dates_of_one_kind() -> None:
    data = jpeg_file(
        exif=exif_block({}, exif={ORIGINAL: "2014:01:12 13:58:55"}),
        xmp=xmp_packet("", 'exif:DateTimeOriginal="2015-01-01"'),
    )
    assert time_of(data) == ("exif", "taken", "2014-01-12 13:58:55")
    nonsense = jpeg_file(
        exif=exif_block({}, exif={ORIGINAL: "0000:00:00 00:00:00"}),
        xmp=xmp_packet("", 'exif:DateTimeOriginal="2015-01-01"'),
    )
    assert time_of(nonsense) == ("xmp", "taken", "2015-01-01 00:00:00")


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        # an iPhone: photoprism#2919
        ({ORIGINAL: "2021:08:24 20:38:57", 0x9011: "+03:00"}, ("taken", "2021-08-24 20:38:57+03:00")),
        ({DIGITIZED: "2021:08:24 20:38:57", 0x9012: "-07:00"}, ("taken", "2021-08-24 20:38:57-07:00")),
        # the zone of another date, and zones as cameras leave them without one
        ({ORIGINAL: "2021:08:24 20:38:57", 0x9010: "+03:00"}, ("taken", "2021-08-24 20:38:57")),
        ({ORIGINAL: "2021:08:24 20:38:57", 0x9011: "   :  "}, ("taken", "2021-08-24 20:38:57")),
        ({ORIGINAL: "2021:08:24 20:38:57", 0x9011: "+99:00"}, ("taken", "2021-08-24 20:38:57")),
    ],
)
def test_exif_has_time_zones_in_tags_of_their_own(dates: dict[int, str], expected: tuple[str, str]) -> None:
    assert time_of(jpeg_file(exif=exif_block({}, exif=dates))) == ("exif", *expected)


def test_a_zone_that_another_source_states_for_the_same_time_counts() -> None:
    exif = exif_block({}, exif={ORIGINAL: "2014:01:12 13:58:55"})
    for minute, zone_text in ((58, "-05:00"), (59, "")):
        packet = xmp_packet("", f'photoshop:DateCreated="2014-01-12T13:{minute}:55-05:00"')
        assert time_of(jpeg_file(exif=exif, xmp=packet)) == (
            "exif",
            "taken",
            f"2014-01-12 13:58:55{zone_text}",
        )


def test_a_png_says_when_it_was_made_or_changed() -> None:
    """Creation Time as the PNG specification recommends it, and the chunk tIME."""
    made = png_text_file((b"tEXt", b"Creation Time\0Sun, 25 Jan 2009 12:21:20 +0100"))
    assert time_of(made) == ("comment", "taken", "2009-01-25 12:21:20+01:00")
    changed = png_text_file((b"tIME", b"\x07\xe3\x06\x11\x0c\x22\x38"))
    assert time_of(changed) == ("comment", "modified", "2019-06-17 12:34:56")
    assert time_of(png_text_file((b"tIME", b"\x07\xe3\xff\x11\x0c\x22\x38"))) is None


def test_a_sidecar_dates_its_picture_and_not_itself() -> None:
    packet = xmp_packet("", 'exif:DateTimeOriginal="2014-01-12T13:58:55+01:00" xmp:ModifyDate="2022-03-03"')
    assert read_sidecar(packet, "xmp").facts_from("sidecar") == (("taken", "2014-01-12 13:58:55+01:00"),)
    assert read_sidecar(xmp_packet("", 'xmp:ModifyDate="2022-03-03"'), "xmp").facts == ()

"""What `python -m benchmarks NAME` prints without --json."""

from __future__ import annotations

from benchmarks.__main__ import format_tables


def test_tables_beside_the_figures_are_printed_too() -> None:
    beside = {"teacher": {"subject mAP": 0.5}, "plain": {"subject mAP": 0.25, "colour mAP": 0.125}}
    printed = format_tables({"name": "quality", "figures": {"subject mAP": 0.75}, "beside": beside})
    assert [line.split() for line in printed.splitlines()] == [
        ["subject", "mAP", "0.7500"],
        [],
        ["beside,", "teacher:"],
        ["subject", "mAP", "0.5000"],
        [],
        ["beside,", "plain:"],
        ["subject", "mAP", "0.2500"],
        ["colour", "mAP", "0.1250"],
    ]


def test_figures_alone_are_one_table() -> None:
    assert "beside" not in format_tables({"figures": {"files": 3}, "beside": {}})

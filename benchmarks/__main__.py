"""python -m benchmarks NAME|all [--size N] [--part NAME] [--json]"""

from __future__ import annotations

import argparse
import json
import os
import pkgutil
import platform
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

PRIVATE = ("__main__", "clients", "disks", "faults", "indexed", "intervals", "sets", "subjects", "synthetic")
ALL = "all"


def main() -> None:
    """Run one benchmark or all of them, or list them."""
    names = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])]
    names = [name for name in names if name not in PRIVATE]
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("name", nargs="?", choices=[*names, ALL])
    parser.add_argument("--size", type=int, help="how much to measure; each benchmark says of what")
    parser.add_argument("--part", help="one part of a benchmark that has several")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.name is None:
        for name in names:
            print(f"{name}: {(import_module(f'benchmarks.{name}').__doc__ or '').splitlines()[0]}")
        return
    for name in names if arguments.name == ALL else [arguments.name]:
        result = run_benchmark(name, arguments.size, arguments.part)
        print(
            json.dumps(result, indent=2) if arguments.json else f"{name}:\n{format_tables(result)}\n",
            flush=True,
        )


def run_benchmark(name: str, size: int | None, part: str | None) -> dict[str, Any]:
    """The figures of one benchmark, with the machine that they were measured on."""
    options = {"part": part} if part else {}
    measured = import_module(f"benchmarks.{name}").measure(size=size, **options)
    machine = {"machine": platform.processor() or platform.machine(), "cores": os.cpu_count()}
    return {"name": name, "size": size, **machine, **measured}


def format_tables(result: Mapping[str, Any]) -> str:
    """The figures, and a table of each thing that was measured beside them, under its name."""
    tables = [_format_rows(result["figures"])]
    tables += [
        f"beside, {name}:\n{_format_rows(figures)}" for name, figures in result.get("beside", {}).items()
    ]
    return "\n\n".join(tables)


def _format_rows(figures: Mapping[str, float]) -> str:
    return "\n".join(f"{name:40} {value:.4f}" for name, value in figures.items())


if __name__ == "__main__":
    main()

"""python -m benchmarks NAME [--size N] [--json]"""

from __future__ import annotations

import argparse
import json
import pkgutil
import platform
from importlib import import_module
from pathlib import Path

PRIVATE = ("__main__", "disks", "faults", "indexed", "intervals", "sets", "subjects")


def main() -> None:
    """Run one benchmark, or list them all."""
    names = [each.name for each in pkgutil.iter_modules([str(Path(__file__).parent)])]
    names = [name for name in names if name not in PRIVATE]
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("name", nargs="?", choices=names)
    parser.add_argument("--size", type=int, help="how much to measure; each benchmark says of what")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.name is None:
        for name in names:
            print(f"{name}: {(import_module(f'benchmarks.{name}').__doc__ or '').splitlines()[0]}")
        return
    measured = import_module(f"benchmarks.{arguments.name}").measure(size=arguments.size)
    result = {"name": arguments.name, "machine": platform.processor() or platform.machine(), **measured}
    print(json.dumps(result, indent=2) if arguments.json else _table(result))


def _table(result: dict[str, object]) -> str:
    figures = result["figures"]
    assert isinstance(figures, dict), "every benchmark gives figures"
    return "\n".join(f"{key:40} {value:.4f}" for key, value in figures.items())


main()

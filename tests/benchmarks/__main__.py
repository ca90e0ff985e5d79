"""Run the benchmarks: `python -m tests.benchmarks [NAME] [OPTIONS]`, all of them when none is named.

A benchmark is a module `bench_NAME.py` in this folder with a `main(arguments)`; options go to it as they are.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str]) -> None:
    """Run the benchmark named first, or all."""
    names = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    chosen, options = names, list(arguments)
    if options and not options[0].startswith("-"):
        chosen = [options.pop(0)]
    if unknown := set(chosen) - set(names):
        raise SystemExit(f"There is no benchmark {unknown.pop()!r}; known are: {', '.join(names)}.")
    for name in chosen:
        print(f"# {name}", flush=True)
        importlib.import_module(f"tests.benchmarks.bench_{name}").main(options)


if __name__ == "__main__":
    main(sys.argv[1:])

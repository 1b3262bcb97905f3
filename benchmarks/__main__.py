"""python -m benchmarks [NAME...]: run benchmarks, print ratios to the other library."""
from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
from pathlib import Path

from .rounds import compare, geometric_mean

NAMES = ("overhead", "shape")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", default=list(NAMES), help=f"which benchmarks: {', '.join(NAMES)}")
    parser.add_argument("--against", default="torch", help="the other library (default: torch)")
    parser.add_argument("--threads", type=int, help="threads of both sides (default: what the benchmark says)")
    parser.add_argument("--rounds", type=int, default=7, help="A/B rounds (default: 7)")
    parser.add_argument("--only", nargs="*", help="workloads to run, by name")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    args = parser.parse_args()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("minigrad", args.against, "numpy"))
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}; {versions}")
    found = {}
    for name in args.names:
        module = importlib.import_module(f"benchmarks.{name}")
        options = dict(module.OPTIONS)
        if args.threads:
            options["threads"] = args.threads
        results = compare(name, against=args.against, rounds=args.rounds, only=args.only, **options)
        print(f"\n{module.TITLE}\n{'':32} {'minigrad':>12} {args.against:>12} {'ratio':>7}   90 % interval")
        for r in results:
            print(f"{r.work:32} {r.ours * 1e6:9.1f} us {r.theirs * 1e6:9.1f} us {r.ratio:7.2f}   {r.low:.2f} .. {r.high:.2f}")
        print(f"{'geometric mean':32} {'':12} {'':12} {geometric_mean([r.ratio for r in results]):7.2f}")
        found[name] = [r.as_dict() for r in results]
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Time (and weigh) minigrad beside another library: python -m benchmarks [FAMILY...] [--against torch,jax]"""
from __future__ import annotations

import argparse
import importlib.util
import os
from pathlib import Path

from . import report, run
from .family import ALL_CORES, NAMES, Family, cores, load
from .figures import HEADINGS, faults, in_order, library_name, means, shown
from .machine import describe, system_load
from .rounds import Result, WorkerError, compare


def arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=f"which families: {', '.join(NAMES)} (default: all)")
    parser.add_argument("--against", default="torch", help="other libraries, with commas: torch, jax, tinygrad, mygrad; numpy for start")
    parser.add_argument("--threads", type=int, help="threads of both sides (default: one, then all cores where that matters)")
    parser.add_argument("--rounds", type=int, default=7, help="A/B rounds (default: 7)")
    parser.add_argument("--seconds", type=float, default=0.15, help="about how long one side of a round takes (default: 0.15)")
    parser.add_argument("--only", nargs="*", metavar="TEXT", help="only workloads with one of these texts in their names")
    parser.add_argument("--data-dir", type=Path, help="folder with MNIST's four IDX files, for the family accuracy")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep figures in this file; what it holds stays unless run again")
    parser.add_argument("--write", action=argparse.BooleanOptionalAction, help="write docs/benchmarks.md from these figures and the "
                        "--json file's (default: when all families run whole)")
    args = parser.parse_args(given)
    if unknown := [name for name in args.families if name not in NAMES]:
        parser.error(f"no family {unknown[0]}; there are {', '.join(NAMES)}")
    if args.only and args.json and args.json.exists():
        parser.error(f"--only would put a part in place of a whole family in {args.json}; give another file")
    if args.write is None:
        args.write = not args.families and not args.only
    return args


def measured(family_name: str, against: str, threads: int, args: argparse.Namespace) -> run.Run:
    """Run a family and print each workload as it is done."""
    family = load(family_name)
    machine = describe([against])
    rounds = min(args.rounds, family.rounds or args.rounds)
    print(f"\n{family.title}: {threads} thread{'s' if threads > 1 else ''}, {rounds} rounds, load {machine['load']}", flush=True)
    names = in_order(family.measures, threads)
    print(f"{'':62}" + "".join(f"{'minigrad':>10} {library_name(against):>10} {HEADINGS[name]:>24}" for name in names) + "    minor faults")
    results = []
    try:
        for result in compare(family_name, against=against, threads=threads, rounds=args.rounds, seconds=args.seconds, only=args.only):
            results.append(result)
            print(line(result, names), flush=True)
    except WorkerError as error:
        results.append(Result("the rest", note=str(error)))
        print(line(results[-1], names), flush=True)
    for measure in names[:1]:
        for group, mean in means(results, measure).items():
            print(f"geometric mean, {HEADINGS[measure]}{', ' + group if group else ''}: {mean:.2f}")
    return run.Run(family_name, against, threads, rounds, machine, results, system_load())


def line(result: Result, names: list[str]) -> str:
    if not result.measures:
        return f"{result.work:62} {result.note}"
    cells = []
    for name in names:
        p = result.measures[name]
        cells.append(f"{shown(p.ours, name):>10} {shown(p.theirs, name):>10} {f'{p.ratio:.2f}  {p.low:.2f} .. {p.high:.2f}':>24}")
    return f"{result.work:62}" + "".join(cells) + f"    {faults(result)}"


def thread_counts(family: Family, asked: int | None) -> list[int]:
    """Each once: on one core, one thread is all cores."""
    return [asked] if asked else sorted({cores() if n == ALL_CORES else n for n in family.threads})


def main(given: list[str] | None = None) -> None:
    args = arguments(given)
    if args.data_dir:
        os.environ["MINIGRAD_DATA"] = str(args.data_dir)
    libraries = args.against.split(",")
    about = describe(libraries)
    print(f"{about['cpu']}; {about['cores']} cores; {about['versions']}; commit {about['commit']}; load {about['load']}")
    runs = run.read(args.json) if args.json else []
    for against in libraries:
        if importlib.util.find_spec(against) is None:
            print(f"\n{against} is not installed and left out; pip install {against}")
            continue
        for name in args.families or NAMES:
            for threads in thread_counts(load(name), args.threads):
                done = measured(name, against, threads, args)
                if not done.results:
                    print("nothing to run here" + ("; give MNIST's folder with --data-dir" if name == "accuracy" else ""))
                    continue
                runs = run.put(runs, done)
                if args.json:
                    run.write(args.json, runs)
    if args.write and runs:
        report.write(runs)
        print(f"\nwrote {report.DOCUMENT}")


if __name__ == "__main__":
    main()

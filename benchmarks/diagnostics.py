"""What diagnostics cost: CPU time with and without each, in turns, in one process with one thread.

    python -m benchmarks.diagnostics [--rounds 41]

Ratios above 1 are the cost. "off" compares the call path as it is with one from whose source the tests for watchers were cut.
"""
from __future__ import annotations

import argparse
import contextlib
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MINIGRAD_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import minigrad as mg  # noqa: E402
from minigrad import autograd, optim  # noqa: E402
from minigrad.engine import backward, fast, many, node, run, viewing  # noqa: E402
from minigrad.engine.general import general  # noqa: E402
from minigrad.profiler import profile  # noqa: E402

from . import nets  # noqa: E402
from .models import training  # noqa: E402
from .rounds import Paired  # noqa: E402

Work = Callable[[], Any]
LENGTH = 200


def recompiled(module: ModuleType, *cuts: tuple[str, str]) -> Any:
    """A module made again from its source with some text replaced."""
    assert module.__file__ is not None
    with open(module.__file__, encoding="utf-8") as file:
        source = file.read()
    for old, new in cuts:
        assert old in source, f"{module.__name__} does not have {old!r} any more"
        source = source.replace(old, new)
    made = ModuleType(module.__name__)
    made.__dict__.update(__package__=module.__package__, __file__=module.__file__)
    exec(compile(source, module.__file__, "exec"), made.__dict__)
    return made


def chain(mul: Callable[..., Any], exp: Callable[..., Any], rows: int = 2) -> Work:
    """Small ops, forward and backward: nothing but overhead."""
    x, c = mg.full((rows, 3), 0.5, requires_grad=True), mg.full((rows, 3), -1.0)

    def work() -> None:
        y = x
        for _ in range(LENGTH // 2):
            y = exp(mul(y, c))
        y.sum().backward()
        x.grad = None
    return work


def deep_convnet() -> Work:
    """A training step of DeepConvNet with 100 images, Adam."""
    model = nets.deep_convnet(mg)
    return training(mg, model, optim.Adam(model.parameters()), mg.rand(100, 1, 28, 28), mg.randint(0, 10, (100,)))


@contextlib.contextmanager
def without_lines() -> Iterator[None]:
    """Nodes that do not know the line that made them."""
    def bare(made: Any, mode: Any) -> None:
        made.time, made.code, made.lasti, made.scope = node.tick(), None, 0, mode.scope
    before = fast.stamp
    fast.stamp = many.stamp = viewing.stamp = bare
    try:
        yield
    finally:
        fast.stamp = many.stamp = viewing.stamp = before


def off() -> tuple[Work, Work]:
    """The chain as it is, and with the tests for watchers cut from the call path and from the backward pass."""
    cut = recompiled(fast, (" or mode.watch is not None", ""))
    cut.Tensor = mg.Tensor
    without = recompiled(run, (" if rules is None else rules(node, i, pulls[i], g, saved)", ""))
    work = chain(cut.binary(mg.mul.op, general(mg.mul.op)), cut.unary(mg.exp.op, general(mg.exp.op)))      # type: ignore[attr-defined]

    def less() -> None:
        before = backward.run
        backward.run = without.run
        try:
            work()
        finally:
            backward.run = before
    return chain(mg.mul, mg.exp), less


def inside(context: Callable[[], Any], work: Work) -> Work:
    """The work inside a `with`."""
    def run_inside() -> None:
        with context():
            work()
    return run_inside


def pairs() -> dict[str, tuple[Work, Work, int]]:
    """name -> the work with, the work without, calls per round."""
    ops, step = chain(mg.mul, mg.exp), deep_convnet()
    return {
        "watchers, off: chain of small ops": (*off(), 20),
        "source line: chain of small ops": (ops, inside(without_lines, ops), 20),
        "source line: DeepConvNet step": (step, inside(without_lines, step), 1),
        "detect_anomaly(sampled=True): DeepConvNet step": (inside(lambda: autograd.detect_anomaly(sampled=True), step), step, 1),
        "detect_anomaly(): DeepConvNet step": (inside(autograd.detect_anomaly, step), step, 1),
        "profile(): DeepConvNet step": (inside(profile, step), step, 1),
        "profile(): chain of small ops": (inside(profile, ops), ops, 5),
        "twice the same: DeepConvNet step": (step, step, 1),
    }


def seconds(work: Work, calls: int) -> float:
    """CPU time of so many calls."""
    started = time.process_time()
    for _ in range(calls):
        work()
    return time.process_time() - started


def measured(more: Work, less: Work, calls: int, rounds: int) -> Paired:
    """Rounds in turn, the first of each round drawn by lot."""
    lot = random.Random(0)
    for work in (more, less, more, less):
        work()
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        order = (0, 1) if lot.random() < 0.5 else (1, 0)
        for side in order:
            found[side].append(seconds((more, less)[side], calls) / calls)
    return Paired.of(*found)


def main() -> int:
    """Measure what is asked for, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("only", nargs="*", help="parts of names")
    args = parser.parse_args()
    mg.set_num_threads(1)
    mg.manual_seed(0)
    print("| what | with | without | ratio | 90 % interval |\n|---|---|---|---|---|")
    for name, (more, less, calls) in pairs().items():
        if not args.only or any(part in name for part in args.only):
            p = measured(more, less, calls, args.rounds)
            print(f"| {name} | {p.ours * 1e3:.3f} ms | {p.theirs * 1e3:.3f} ms | {p.ratio:.3f} | {p.low:.3f} to {p.high:.3f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

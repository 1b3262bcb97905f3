"""minigrad beside PyTorch on one CUDA device: `python -m benchmarks.gpu`.

Both libraries live in one process and take turns: a round times some steps of one, then of the other, each from a waiting device to a
waiting device. Printed are the medians over rounds and their ratio; below 1 minigrad is the faster one. Needs PyTorch for CUDA and CuPy.
"""
from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from . import nets
from .models import training

Step = Callable[[], Any]
SHAPES = [(64, 3, 224, 64, 7, 2), (64, 64, 56, 64, 3, 1), (64, 64, 56, 256, 1, 1), (64, 128, 28, 128, 3, 1), (64, 256, 14, 256, 3, 1),
          (64, 512, 7, 512, 3, 1)]                   # images, channels, size, filters, kernel, stride: ResNet's


def networks(lib: Any) -> dict[str, Callable[[], Step]]:
    """Training steps of whole networks."""
    def trained(make: Callable[[], tuple[Any, Any, Any]], optimizer: Callable[[Any], Any]) -> Callable[[], Step]:
        def build() -> Step:
            model, x, t = make()
            model = model.to("cuda")
            return training(lib, model, optimizer(model.parameters()), x.to("cuda"), t.to("cuda"))
        return build

    def adam(parameters: Any) -> Any:
        return lib.optim.Adam(parameters, lr=1e-5)

    def sgd(parameters: Any) -> Any:
        return lib.optim.SGD(parameters, lr=1e-5, momentum=0.9)

    return {
        "DeepConvNet, 100 images": trained(lambda: (nets.deep_convnet(lib), lib.rand(100, 1, 28, 28), lib.randint(10, (100,))), adam),
        "ResNet-18, 64 images": trained(lambda: (nets.resnet18(lib), lib.randn(64, 3, 224, 224), lib.randint(1000, (64,))), sgd),
        "transformer, 32 x 256 words": trained(lambda: (nets.transformer(lib, 256, 512, 8, 6, 256), lib.randint(256, (32, 256)),
                                                        lib.randint(256, (32, 256))), adam),
    }


def convolutions(lib: Any) -> dict[str, Callable[[], Step]]:
    """Convolutions of ResNet, forward and backward."""
    def build(n: int, channels: int, size: int, filters: int, kernel: int, stride: int) -> Callable[[], Step]:
        def make() -> Step:
            x = lib.randn(n, channels, size, size).to("cuda").requires_grad_()
            w = lib.randn(filters, channels, kernel, kernel).to("cuda").requires_grad_()

            def step() -> Any:
                x.grad = w.grad = None
                y = lib.nn.functional.conv2d(x, w, stride=stride, padding=kernel // 2)
                y.backward(y.detach())
                return y.detach(), w.grad
            return step
        return make
    return {f"conv {n}x{c}x{s}x{s} -> {f}, {k}x{k} / {stride}": build(n, c, s, f, k, stride) for n, c, s, f, k, stride in SHAPES}


def overhead(lib: Any) -> dict[str, Callable[[], Step]]:
    """Ops on a few numbers: what a call costs before the device has anything to do."""
    def op(function: Callable[[Any, Any], Any], records: bool) -> Callable[[], Step]:
        def make() -> Step:
            x, y = lib.ones(8, 8).to("cuda"), lib.ones(8, 8).to("cuda")
            if records:
                x.requires_grad_()

            def step() -> Any:
                for _ in range(100):
                    found = function(x, y)
                return found.detach()
            return step
        return make
    return {"100 additions": op(lambda x, y: x + y, False), "100 recorded additions": op(lambda x, y: x + y, True),
            "100 recorded products of matrices": op(lambda x, y: x @ y, True),
            "100 recorded relu": op(lambda x, y: x.relu(), True)}


FAMILIES: dict[str, Callable[[Any], dict[str, Callable[[], Step]]]] = {
    "networks": networks, "convolutions": convolutions, "overhead": overhead}


def timed(lib: Any, step: Step, calls: int) -> float:
    """Seconds per step, from a waiting device to a waiting device."""
    lib.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(calls):
        step()
    lib.cuda.synchronize()
    return (time.perf_counter() - start) / calls


def compare(names: list[str], rounds: int, libraries: tuple[Any, Any]) -> None:
    """Print a row for each workload of these families."""
    for name in names:
        both = [FAMILIES[name](lib) for lib in libraries]
        for work in both[0]:
            steps = []
            for lib, works in zip(libraries, both, strict=True):
                lib.manual_seed(0)
                steps.append(works[work]())
                for _ in range(3):
                    steps[-1]()
            calls = [max(int(0.2 / timed(lib, step, 3)), 1) for lib, step in zip(libraries, steps, strict=True)]
            seconds = [[timed(lib, step, n) for lib, step, n in zip(libraries, steps, calls, strict=True)] for _ in range(rounds)]
            ours, theirs = (statistics.median(column) for column in zip(*seconds, strict=True))
            ratio = statistics.median(a / b for a, b in seconds)
            print(f"{work:<44}{1e3 * ours:>10.3f} ms{1e3 * theirs:>10.3f} ms{ratio:>8.2f}", flush=True)


def main() -> int:
    """Compare; the exit code is 2 where there is no device."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("families", nargs="*", help=f"of {', '.join(FAMILIES)}; all by default")
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    if unknown := set(chosen.families) - set(FAMILIES):
        parser.error(f"no such family: {', '.join(sorted(unknown))}")
    import minigrad as ours
    from minigrad.cupy_arrays import why_not
    if reason := why_not():
        print(reason, file=sys.stderr)
        return 2
    theirs = import_module("torch")
    print(f"{ours.cuda.get_device_name()}; PyTorch {theirs.__version__}, TF32 off in both\n")
    theirs.backends.cuda.matmul.allow_tf32 = theirs.backends.cudnn.allow_tf32 = False
    print(f"{'':<44}{'minigrad':>13}{'PyTorch':>13}{'ratio':>8}")
    compare(chosen.families or list(FAMILIES), chosen.rounds, (ours, theirs))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

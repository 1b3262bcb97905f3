"""float16 on the CPU: the same in both libraries, and what a training step costs in float32 beside it."""
from __future__ import annotations

from typing import Any

from . import nets
from .family import Family, Step, Workloads, both_ways

ABOUT = ("float16 arrays, which both libraries compute in float32. Training: DeepConvNet, batch 100, Adam, with float32 weights under "
         "autocast or with float16 weights and float32 copies of them; float32 is the same step without either. Ops: forward under "
         "`no_grad`, and backward alone; a million numbers where no size is given.")
FAMILY = Family("Half precision", ABOUT, (1,))

RATE, SCALE = 1e-5, 1024.0


def training(lib: Any, way: str) -> Step:
    """A step that returns the loss."""
    F, optim = lib.nn.functional, lib.optim
    model = nets.deep_convnet(lib)
    x, t = lib.rand(100, 1, 28, 28), lib.randint(10, (100,))
    weights = list(model.half().parameters() if way == "float16" else model.parameters())
    stepped = [w.detach().float().requires_grad_() for w in weights] if way == "float16" else weights
    x = x.half() if way == "float16" else x
    optimizer = optim.Adam(stepped, lr=RATE)

    def step() -> Any:
        with lib.autocast("cpu", dtype=lib.float16, enabled=way == "autocast"):
            loss = F.cross_entropy(model(x).float(), t)
        for w in weights:
            w.grad = None
        (loss * SCALE).backward()
        for w, master in zip(weights, stepped, strict=True):
            master.grad = w.grad.float() / SCALE
        optimizer.step()
        if way == "float16":
            with lib.no_grad():
                for w, master in zip(weights, stepped, strict=True):
                    w.copy_(master)
        return loss.detach()
    return step


def workloads(lib: Any) -> Workloads:
    F = lib.nn.functional

    def halves(*shapes: tuple[int, ...]) -> Any:
        return lambda: tuple([lib.rand(*shape).half().requires_grad_() for shape in shapes])

    found: Workloads = {f"training: {way}": lambda way=way: training(lib, way) for way in ("float32", "autocast", "float16")}
    many = (1000, 1000)
    for name, function, shapes in (
            ("x + y", lambda x, y: x + y, (many, many)),
            ("x * 0.5", lambda x: x * 0.5, (many,)),
            ("relu", F.relu, (many,)),
            ("sigmoid", lambda x: x.sigmoid(), (many,)),
            ("sum", lambda x: x.sum(), (many,)),
            ("float", lambda x: x.float(), (many,)),
            ("softmax", lambda x: x.softmax(1), (many,)),
            ("layer norm", lambda x: F.layer_norm(x, (1000,)), (many,)),
            ("linear (100, 1024) -> 512", F.linear, ((100, 1024), (512, 1024))),
            ("conv 3 x 3, 16 -> 16, (32, 28, 28)", lambda x, w: F.conv2d(x, w, padding=1), ((32, 16, 28, 28), (16, 16, 3, 3))),
            ("max pool 2 x 2, (32, 16, 28, 28)", lambda x: F.max_pool2d(x, 2), ((32, 16, 28, 28),))):
        found |= both_ways(lib, name, function, halves(*shapes))
    return found

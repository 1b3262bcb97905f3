"""An optimizer's step on gradients that stay the same."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import nets
from .family import Family, Step, Workloads

ABOUT = ("`optimizer.step()` with the library's defaults: on DeepConvNet's 16 parameter tensors (123,552 numbers), and on four square "
         "matrices of a million numbers together.")
FAMILY = Family("Optimizers", ABOUT)

OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "SGD": ("SGD", {"lr": 1e-3}),
    "SGD, momentum, weight decay": ("SGD", {"lr": 1e-3, "momentum": 0.9, "weight_decay": 5e-4}),
    "Adam": ("Adam", {}),
    "AdamW": ("AdamW", {}),
    "Adam, amsgrad": ("Adam", {"amsgrad": True}),
    "RMSprop": ("RMSprop", {}),
    "Adagrad": ("Adagrad", {}),
    "Adadelta": ("Adadelta", {}),
    "NAdam": ("NAdam", {}),
    "RAdam": ("RAdam", {}),
}


def workloads(lib: Any) -> Workloads:
    def small() -> list[Any]:
        return list(nets.deep_convnet(lib).parameters())

    def large() -> list[Any]:
        return [lib.nn.Parameter(lib.randn(512, 512)) for _ in range(4)]

    def stepping(make: Callable[[], list[Any]], kind: str, options: dict[str, Any]) -> Callable[[], Step]:
        def build() -> Step:
            parameters = make()
            with lib.no_grad():
                for p in parameters:
                    p.zero_()                        # then what is compared are the steps alone
                    p.grad = lib.randn(*p.shape) * 0.01
            optimizer = getattr(lib.optim, kind)(parameters, **options)

            def step() -> Any:
                optimizer.step()
                return parameters
            return step
        return build
    return {f"{group}: {name}": stepping(make, *what) for group, make in (("16 tensors", small), ("4 matrices", large))
            for name, what in OPTIMIZERS.items()}

"""How measures are called and shown."""
from __future__ import annotations

from collections.abc import Iterable

from .rounds import Result, geometric_mean

HEADINGS = {"cpu": "CPU time", "wall": "wall time",
            "step": "step", "imported": "above import", "whole": "whole process", "epochs": "epochs"}
SECONDS, BYTES = ("cpu", "wall"), ("step", "imported", "whole")
LIBRARIES = {"torch": "PyTorch", "jax": "JAX", "tinygrad": "tinygrad", "mygrad": "MyGrad", "numpy": "NumPy"}


def library_name(library: str) -> str:
    return LIBRARIES.get(library, library)


def shown(value: float, measure: str) -> str:
    """A number with its unit: three figures."""
    if measure in SECONDS:
        for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
            if value >= size:
                return f"{value / size:.{digits(value / size)}f} {unit}"
        return f"{value / 1e-9:.0f} ns"
    if measure in BYTES:
        return f"{value / 1e6:.{digits(value / 1e6)}f} MB"
    return f"{value:.0f}"


def digits(value: float) -> int:
    """Decimals that make three figures."""
    return 2 if value < 10 else 1 if value < 100 else 0


def in_order(measures: Iterable[str], threads: int) -> list[str]:
    """The measure that counts first: CPU time for one thread, which other programs disturb least; wall time for several."""
    return sorted(measures, key=lambda name: name == ("wall" if threads == 1 else "cpu"))


def group(work: str) -> str:
    """What stands before the colon, or ""."""
    return work.partition(": ")[0] if ": " in work else ""


def means(results: list[Result], measure: str, at_least: int = 2) -> dict[str, float]:
    """The geometric mean of the ratios of each group with at least so many workloads."""
    ratios: dict[str, list[float]] = {}
    for result in results:
        if measure in result.measures:
            ratios.setdefault(group(result.work), []).append(result.measures[measure].ratio)
    return {name: geometric_mean(values) for name, values in ratios.items() if len(values) >= at_least}


def faults(result: Result) -> str:
    """Minor page faults per call of both sides."""
    return f"{result.faults_ours:,.0f} / {result.faults_theirs:,.0f}"

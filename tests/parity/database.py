"""PyTorch's operator database, restricted to the scope, and how each of its entries is called in both libraries."""
from __future__ import annotations

import contextlib
import functools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_methods_invocations import op_db

from .translate import Untranslatable, Values, at, function

DTYPES = ("float64", "float32", "int64", "bool")
SCOPE = Path(__file__).with_name("op_scope.tsv")

# Whose values nobody promises: memory as it comes, or draws.
EMPTY = frozenset(("empty", "empty_like", "new_empty", "empty_strided", "empty_permuted", "new_empty_strided"))
RANDOM = frozenset((
    "bernoulli", "cauchy", "exponential", "geometric", "log_normal", "multinomial", "normal", "rand_like", "randint", "randint_like",
    "randn", "randn_like", "uniform", "nn.functional.alpha_dropout", "nn.functional.dropout", "nn.functional.dropout2d",
    "nn.functional.dropout3d", "nn.functional.feature_alpha_dropout",
    "nn.functional.fractional_max_pool2d", "nn.functional.fractional_max_pool3d", "nn.functional.rrelu", "pca_lowrank", "svd_lowrank"))

# One draw decides over many elements.
BY_CHANNEL = frozenset(("nn.functional.dropout2d", "nn.functional.dropout3d", "nn.functional.feature_alpha_dropout",
                        "nn.functional.fractional_max_pool2d", "nn.functional.fractional_max_pool3d"))

# The database wraps these into other functions, of other arguments.
WRAPPED = frozenset(("pca_lowrank", "svd_lowrank"))

Function = Callable[..., Any]


@functools.cache
def scope() -> dict[tuple[str, str], str]:
    """(name, variant) -> tier."""
    rows = [line.split("\t") for line in SCOPE.read_text(encoding="utf-8").splitlines()[1:]]
    return {(row[2], row[3] if len(row) > 3 else ""): row[0] for row in rows}


@dataclass(frozen=True)
class Entry:
    """One line of the scope, with its entry in the database."""
    tier: str
    name: str                                        # `std/unbiased`: name and variant
    info: Any

    @property
    def short(self) -> str:
        """The name of the function without its namespace."""
        return str(self.info.name).rpartition(".")[2]

    @property
    def has_values(self) -> bool:
        return self.info.name not in EMPTY and self.info.name not in RANDOM

    def draws(self, raw: Any) -> bool:
        """True if the values of this sample are random, or anything at all."""
        p = raw.args[9] if self.short == "multi_head_attention_forward" else raw.kwargs.get("dropout_p", 0)
        return not self.has_values or p > 0 and raw.kwargs.get("training", True)

    def function(self) -> Function:
        """Ours."""
        return function(self.info.op, self.info.name)

    def drawing(self) -> Function:
        """PyTorch's function without the database's wrapper, which starts from the same seed each time."""
        name = self.info.name
        written = at(f"torch.Tensor.{name}_")
        return (written if self.info.variant_test_name == "in_place" else at(f"torch.{name}") or written) or self.info.op

    def variants(self) -> dict[str, tuple[Function, Function | None]]:
        """The method and the operator, where they differ from the function: PyTorch's and ours, None where we have none."""
        kinds = {"method": self.info.method_variant, "operator": self.info.operator_variant}
        return {kind: (theirs, found(theirs)) for kind, theirs in kinds.items() if theirs is not None and theirs is not self.info.op}

    def in_place(self) -> dict[str, tuple[Function, Function | None]]:
        kinds = {"in place": self.info.inplace_variant, "in-place operator": self.info.inplace_operator_variant}
        return {kind: (theirs, found(theirs)) for kind, theirs in kinds.items() if theirs is not None}

    def dtypes(self) -> list[Any]:
        supported = self.info.supported_dtypes("cpu")
        return [d for d in [getattr(torch, name) for name in DTYPES] if d in supported]

    def samples(self, dtype: Any, most: int, requires_grad: bool = False) -> list[tuple[int, Any]]:
        """The database's samples of one dtype with their numbers; of many, `most` at even distances."""
        with seeded():
            samples = list(self.info.sample_inputs_func(self.info, "cpu", dtype, requires_grad))
        chosen = range(len(samples)) if len(samples) <= most else [i * len(samples) // most for i in range(most)]
        return [(i, samples[i]) for i in chosen]

    def error_inputs(self) -> list[Any]:
        with seeded():
            return list(self.info.error_inputs_func(self.info, "cpu")) if self.info.error_inputs_func is not None else []


def found(theirs: Function) -> Function | None:
    try:
        return function(theirs)
    except Untranslatable:
        return None


@contextlib.contextmanager
def seeded() -> Iterator[None]:
    """The generators that samples are drawn from, started anew and put back."""
    states = torch.get_rng_state(), np.random.get_state(), random.getstate()
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)
    try:
        yield
    finally:
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])


def entries(*tiers: str) -> list[Entry]:
    """The entries of these tiers, in the order of the database."""
    chosen = []
    for info in op_db:
        tier = scope()[info.name, info.variant_test_name]
        if tier in tiers:
            chosen.append(Entry(tier, f"{info.name}/{info.variant_test_name}".rstrip("/"), info))
    return chosen


@dataclass
class Sample:
    """One sample in both libraries: (PyTorch's, ours) for each part."""
    input: tuple[Any, Any]
    args: tuple[Any, Any]
    kwargs: tuple[Any, Any]
    leaves: list[tuple[Any, Any]]
    process: tuple[Function, Function]               # picks from an output what has a gradient worth comparing

    def call(self, side: int, function: Function) -> Any:
        return function(self.input[side], *self.args[side], **self.kwargs[side])


def sample_of(raw: Any, requires_grad: bool = False, shared: bool = False) -> Sample:
    """A sample of the database, translated afresh."""
    values = Values(requires_grad, shared)
    first, args, kwargs = values.pair(raw.input), values.pair(tuple(raw.args)), values.pair(dict(raw.kwargs))
    return Sample(first, args, kwargs, values.leaves, (raw.output_process_fn_grad, function(raw.output_process_fn_grad)))

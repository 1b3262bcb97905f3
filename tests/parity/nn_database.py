"""PyTorch's database of layers, our own samples beside it, and how each class of the scope is made and called in both libraries."""
from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from torch.nn.modules.lazy import LazyModuleMixin

import minigrad as mg

from .database import Sample, seeded
from .nn_samples import own
from .translate import Recipe, Untranslatable, Values, look_up, recipe

SCOPE = Path(__file__).with_name("nn_scope.tsv")
DTYPES = ("float64", "float32")

# Layers that draw in training.
RANDOM = frozenset(("AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout", "RReLU"))
ALWAYS_RANDOM = frozenset(("FractionalMaxPool2d", "FractionalMaxPool3d"))


@dataclass(frozen=True)
class LayerSample:
    """How a layer is made, and what it is called with; without `inputs` it is not called."""
    made: Recipe
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    called: bool = True


@dataclass(frozen=True)
class Layer:
    """One class of the scope."""
    name: str
    tier: str
    reason: str
    info: Any                                        # of PyTorch's database; None for what it lacks

    @property
    def theirs(self) -> Any:
        return getattr(torch.nn, self.name)

    @property
    def ours(self) -> Any:
        return look_up(f"torch.nn.{self.name}")

    @property
    def is_module(self) -> bool:
        return issubclass(self.theirs, torch.nn.Module)

    def draws(self, sample: LayerSample, training: bool) -> bool:
        """True if values of a call are random."""
        given = {**sample.made.kwargs, **sample.kwargs}
        return self.name in ALWAYS_RANDOM and "_random_samples" not in given or training and self.name in RANDOM

    def samples(self, dtype: Any, training: bool) -> list[LayerSample]:
        """PyTorch's samples where there are any, then our own."""
        found: list[Any] = []
        with seeded():
            if self.info is not None:
                with recipes():
                    found = self.info.module_inputs_func(self.info, "cpu", dtype, True, training)
            return [of_database(self.name, raw) for raw in [*found, *own(self.name, dtype)]]

    def error_samples(self) -> list[tuple[LayerSample, Any]]:
        if self.info is None or self.info.module_error_inputs_func is None:
            return []
        with seeded(), recipes():
            wrong = self.info.module_error_inputs_func(self.info, "cpu", torch.float32, False, True)
        return [(of_database(self.name, w.module_error_input), w) for w in wrong]


def of_database(name: str, raw: Any) -> LayerSample:
    made, given = raw.constructor_input, raw.forward_input
    if given is None:
        return LayerSample(Recipe(name, made.args, made.kwargs), called=False)
    return LayerSample(Recipe(name, made.args, made.kwargs), given.args, given.kwargs)


def recipes() -> Any:
    """While samples are listed, a class of `torch.nn` makes a recipe: samples that hold layers can be made by either library."""
    modules = [name for name in public_classes() if issubclass(getattr(torch.nn, name), torch.nn.Module)]
    return mock.patch.multiple(torch.nn, **{name: functools.partial(recipe, name) for name in modules})


@functools.cache
def scope() -> dict[str, tuple[str, str]]:
    """class -> (tier, reason)."""
    rows = [line.split("\t") for line in SCOPE.read_text(encoding="utf-8").splitlines()[1:]]
    return {row[1]: (row[0], row[2] if len(row) > 2 else "") for row in rows}


def public_classes() -> list[str]:
    return [name for name in dir(torch.nn) if not name.startswith("_") and isinstance(getattr(torch.nn, name), type)]


@functools.cache
def infos() -> dict[str, Any]:
    from torch.testing._internal.common_modules import module_db
    return {info.module_cls.__name__: info for info in module_db}


def layers(*tiers: str) -> list[Layer]:
    """The classes of these tiers, in the order of the scope."""
    return [Layer(name, tier, reason, infos().get(name)) for name, (tier, reason) in scope().items() if tier in tiers]


# ---------------------------------------------------------------- making
def pair_of(made: Recipe, values: Values | None = None) -> tuple[Any, Any]:
    """A layer by PyTorch and by us, from the same seed."""
    torch.manual_seed(7)
    mg.manual_seed(7)
    return (values or Values()).pair(made)


def call(module: Any, *args: Any, **kwargs: Any) -> Any:
    return module(*args, **kwargs)


def sample_of(sample: LayerSample, dtype: Any, training: bool) -> Sample:
    """A layer in both libraries, in a dtype and a mode, with PyTorch's weights and its arguments. Leaves: inputs, then parameters."""
    modules = pair_of(sample.made)
    for module, kind in zip(modules, (dtype, look_up(str(dtype)))):
        module.to(kind)
        module.train(training)
    copy_state(*modules)
    values = Values(requires_grad=True)
    args, kwargs = values.pair(tuple(sample.args)), values.pair(dict(sample.kwargs))
    if any(m.has_uninitialized_params() for m in modules[0].modules() if isinstance(m, LazyModuleMixin)):
        with torch.no_grad(), mg.no_grad():          # the first call gives parameters their sizes
            torch.manual_seed(8)
            modules[0](*args[0], **kwargs[0])
            mg.manual_seed(8)
            modules[1](*args[1], **kwargs[1])
    leaves = values.leaves + [(p, q) for p, q in zip(modules[0].parameters(), modules[1].parameters()) if p.requires_grad]
    return Sample(modules, args, kwargs, leaves, (same, same))


def same(out: Any) -> Any:
    return out


def copy_state(theirs: Any, ours: Any) -> None:
    """PyTorch's weights, where initial ones differ in their last digits."""
    for name, value in theirs.state_dict().items():
        if not isinstance(value, torch.nn.UninitializedParameter | torch.nn.UninitializedBuffer) and isinstance(value, torch.Tensor):
            target = ours.state_dict()[name]
            with mg.no_grad():
                target.copy_(mg.tensor(value.detach().numpy()))


def every_sample(layer: Layer) -> Iterator[tuple[str, Any, bool, LayerSample]]:
    """(label, dtype, training, sample)."""
    for dtype in (getattr(torch, name) for name in DTYPES):
        for training in (True, False):
            for i, sample in enumerate(layer.samples(dtype, training)):
                yield f"{str(dtype).removeprefix('torch.')} {'train' if training else 'eval'} {i}", dtype, training, sample


__all__ = ["ALWAYS_RANDOM", "RANDOM", "Layer", "LayerSample", "Untranslatable", "every_sample", "layers", "pair_of", "public_classes",
           "sample_of", "scope"]

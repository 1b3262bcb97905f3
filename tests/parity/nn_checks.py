"""What is checked of a class of `torch.nn`. Each check gives one result per sample, or per kind of name."""
from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
import pickle
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

import minigrad as mg
from minigrad.errors import MinigradError

from .checks import Result, builtin_of, failure_of, gradients_differ, numbers, outcome, refused
from .compare import difference
from .database import Sample
from .nn_database import Layer, LayerSample, call, every_sample, pair_of, sample_of
from .translate import constant

Check = Callable[[Layer], Iterator[Result]]
MOST = {"gradient": 200, "second gradient": 40}


# ---------------------------------------------------------------- the class
def signature(layer: Layer) -> Iterator[Result]:
    """Arguments of the constructor, and of a call: names, order, kinds, defaults."""
    yield Result("constructor", failure_of(lambda: signature_differs(layer.theirs, layer.ours)))
    if layer.is_module and "forward" in vars(layer.theirs):
        yield Result("forward", failure_of(lambda: signature_differs(layer.theirs.forward, layer.ours.forward)))


def signature_differs(theirs: Any, ours: Any) -> str | None:
    asked, found = ([argument(p) for p in inspect.signature(f).parameters.values()] for f in (theirs, ours))
    if all(p[1].startswith("VAR") for p in asked if p[0] != "self") and len(asked) > 1:
        return None                                  # they say nothing: samples do
    return None if asked == found else f"({', '.join(map(str, found))}), not ({', '.join(map(str, asked))})"


def argument(p: inspect.Parameter) -> tuple[str, ...]:
    if p.default is p.empty:
        return p.name, p.kind.name
    return p.name, p.kind.name, p.default.__name__.partition("_")[0] if callable(p.default) else unnamed(repr(p.default))


def unnamed(text: str) -> str:
    """A repr without the name of its library."""
    return text.replace("minigrad.", "torch.")


def members(layer: Layer) -> Iterator[Result]:
    """Public methods and attributes of the class, and its bases."""
    bases = [b.__name__ for b in layer.theirs.__mro__ if getattr(torch.nn, b.__name__, None) is b]
    foreign = [b for b in bases if not issubclass(layer.ours, getattr(mg.nn, b))]
    yield Result("bases", f"is no {', '.join(foreign)}" if foreign else None)
    base = dir(torch.nn.Module if layer.name != "Module" and layer.is_module else torch.Tensor if not layer.is_module else object)
    lacked = [n for n in dir(layer.theirs) if not n.startswith("_") and n not in base and not hasattr(layer.ours, n)]
    yield Result("names", f"lacks {', '.join(lacked)}" if lacked else None)


# ---------------------------------------------------------------- made with the same seed
def made(layer: Layer) -> Iterator[Result]:
    """Names, shapes, dtypes and initial values of parameters and buffers, bit for bit; attributes; repr."""
    for i, sample in enumerate(layer.samples(torch.float32, True)):
        pair = outcome(lambda sample=sample: pair_of(sample.made))
        if isinstance(pair, Exception):
            yield Result(f"{i}", f"{type(pair).__name__}: {str(pair)[:200]}")
            continue
        found = [state_differs, attributes_differ, repr_differs] if layer.is_module else [attributes_differ, repr_differs]
        for differs in found:
            yield Result(f"{differs.__name__.partition('_')[0]} {i}", failure_of(functools.partial(differs, *pair)))
        if layer.is_module:
            yield Result(f"copies {i}", failure_of(functools.partial(copies_differ, pair[1])))


def state_differs(theirs: Any, ours: Any, bits: bool = True) -> str | None:
    """Keys in order, then values; parameters by name, and what of them requires grad."""
    a, b = theirs.state_dict(), ours.state_dict()
    if list(a) != list(b):
        return f"keys {list(b)}, not {list(a)}"
    for kind in ("named_parameters", "named_buffers", "named_modules"):
        names = [[n for n, _ in getattr(m, kind)()] for m in (theirs, ours)]
        if names[0] != names[1]:
            return f"{kind} {names[1]}, not {names[0]}"
    if [p.requires_grad for p in theirs.parameters()] != [p.requires_grad for p in ours.parameters()]:
        return "other parameters require grad"
    for name, value in a.items():
        if isinstance(value, torch.nn.parameter.UninitializedTensorMixin):
            if not mg.nn.parameter.is_lazy(b[name]):
                return f"{name} has a size already"
        elif found := difference(b[name], value) or bits and bits_differ(b[name], value):
            return f"{name}: {found}"
    return None


def bits_differ(ours: Any, theirs: Any) -> str | None:
    a, b = ours.numpy(), theirs.numpy()
    wrong = (a != b) & ~((a != a) & (b != b))
    return f"{int(wrong.sum())} of {wrong.size} values are not PyTorch's to the last bit" if wrong.any() else None


PLAIN = (int, float, str, bool, tuple, list, type(None), torch.Tensor, torch.dtype)


def attributes_differ(theirs: Any, ours: Any) -> str | None:
    """Public attributes of an instance that are plain values or tensors."""
    for name, value in plain_attributes(theirs):
        if name.startswith("_") or not isinstance(value, PLAIN) or isinstance(value, (tuple, list)) and any(callable(v) for v in value):
            continue
        if not hasattr(ours, name):
            return f"no attribute {name}"
        found = getattr(ours, name)
        if (difference(found, value) if isinstance(value, torch.Tensor) else plain(found) != plain(value)):
            return f"{name} is {found!r}, not {value!r}"
    return None


def plain_attributes(theirs: Any) -> list[tuple[str, Any]]:
    if dataclasses.is_dataclass(theirs):
        return [(f.name, getattr(theirs, f.name)) for f in dataclasses.fields(theirs)]
    return list(vars(theirs).items())


def plain(value: Any) -> Any:
    return tuple(plain(v) for v in value) if isinstance(value, (tuple, list)) else constant(value)


def repr_differs(theirs: Any, ours: Any) -> str | None:
    return None if repr(theirs) == unnamed(repr(ours)) else f"{repr(ours)!r}, not {repr(theirs)!r}"


def copies_differ(ours: Any) -> str | None:
    """What `deepcopy`, and pickling where PyTorch can, give has the same state."""
    for way in (copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))):
        again = way(ours)
        state = again.state_dict()
        if repr(again) != repr(ours) or list(state) != list(ours.state_dict()):
            return "a copy is another layer"
        for name, value in ours.state_dict().items():
            if not mg.nn.parameter.is_lazy(value) and not np.array_equal(value.numpy(), state[name].numpy(), equal_nan=True):
                return f"{name} of a copy differs"
    return None


# ---------------------------------------------------------------- calls
def forward(layer: Layer) -> Iterator[Result]:
    """Results in training and evaluation mode, in float64 and float32; and the state afterwards."""
    if layer.is_module:
        for at, dtype, training, sample in every_sample(layer):
            if sample.called:
                yield Result(at, failure_of(functools.partial(forward_differs, layer, sample, dtype, training)))


def forward_differs(layer: Layer, raw: LayerSample, dtype: Any, training: bool) -> str | None:
    sample = sample_of(raw, dtype, training)
    torch.manual_seed(3)
    expected = outcome(lambda: sample.call(0, call))
    mg.manual_seed(3)
    if isinstance(expected, Exception):
        return refused(lambda: sample.call(1, call), expected)
    got = sample.call(1, call)
    drawn = layer.draws(raw, training)
    return difference(got, expected, values=not drawn) or (drawn and draws_differ(sample, got)) or \
        state_differs(*sample.input, bits=False) or \
        (attributes_differ(*sample.input) if "Lazy" in layer.name else None)


def draws_differ(sample: Sample, got: Any) -> str | None:
    """The same seed gives the same values; and their mean and deviation are PyTorch's, where there are enough."""
    mg.manual_seed(3)
    if not np.array_equal(numbers(got), numbers(sample.call(1, call))):
        return "the same seed gives other values"
    drawn = [np.concatenate([numbers(sample.call(side, call)) for _ in range(10)]) for side in (0, 1)]
    size = drawn[0].size / 50                        # one draw decides over some tens of elements at most
    if size < 200:
        return None
    allowed = 6 * drawn[0].std() / np.sqrt(size)
    if abs(drawn[0].mean() - drawn[1].mean()) > allowed or abs(drawn[0].std() - drawn[1].std()) > 2 * allowed:
        return f"mean {drawn[1].mean():.4g} and deviation {drawn[1].std():.4g}, not {drawn[0].mean():.4g} and {drawn[0].std():.4g}"
    return None


def gradient(layer: Layer) -> Iterator[Result]:
    """Gradients of inputs and parameters."""
    yield from of_order(layer, 1, MOST["gradient"])


def second_gradient(layer: Layer) -> Iterator[Result]:
    """Gradients of those gradients."""
    if layer.info is None or layer.info.supports_gradgrad:
        yield from of_order(layer, 2, MOST["second gradient"])


def of_order(layer: Layer, order: int, most: int) -> Iterator[Result]:
    if not layer.is_module:
        return
    for training in (True, False):
        samples = [(i, s) for i, s in enumerate(layer.samples(torch.float64, training)) if s.called and not layer.draws(s, training)]
        for i, raw in samples[::max(1, -(-len(samples) // most))]:
            at = f"{'train' if training else 'eval'} {i}"
            yield Result(at, failure_of(functools.partial(layer_gradients_differ, raw, training, order)))


def layer_gradients_differ(raw: LayerSample, training: bool, order: int) -> str | None:
    sample = sample_of(raw, torch.float64, training)
    probe = sample_of(raw, torch.float64, training)
    if not sample.leaves or isinstance(outcome(lambda: probe.call(0, call)), Exception):
        return None
    return gradients_differ(sample, call, lambda: call, order)


# ---------------------------------------------------------------- errors
def error(layer: Layer) -> Iterator[Result]:
    """PyTorch's wrong inputs: an error of ours of the same type, when the layer is made or when it is called."""
    for i, (raw, wrong) in enumerate(layer.error_samples()):
        yield Result(f"{i}", failure_of(functools.partial(error_differs, raw, wrong)))


def error_differs(raw: LayerSample, wrong: Any) -> str | None:
    kind = builtin_of(wrong.error_type)

    def act(side: int) -> Any:
        values = pair_side(raw.made, side)
        return values(*side_of(raw.args, side), **side_of(raw.kwargs, side)) if raw.called else values

    theirs = outcome(lambda: act(0))
    if not isinstance(theirs, Exception):            # some are accepted, against what the database says
        return None
    got = outcome(lambda: act(1))
    if isinstance(got, MinigradError) and isinstance(got, kind):
        return None
    return f"{type(got).__name__}: {str(got)[:100]}; PyTorch's {kind.__name__}: {str(theirs).splitlines()[0][:120]}"


def side_of(value: Any, side: int) -> Any:
    from .translate import Values
    return Values().pair(value)[side]


def pair_side(recipe: Any, side: int) -> Any:
    maker = (getattr(torch.nn, recipe.name), getattr(mg.nn, recipe.name))[side]
    return maker(*side_of(recipe.args, side), **side_of(recipe.kwargs, side))


CHECKS: dict[str, Check] = {"signature": signature, "members": members, "made": made, "forward": forward, "gradient": gradient,
                            "second gradient": second_gradient, "error": error}


def all_results(layer: Layer) -> dict[str, list[Result]]:
    """Every check of a class."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: list(check(layer)) for name, check in CHECKS.items()}

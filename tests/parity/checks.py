"""What is checked of an entry of the database. Each check gives one result per sample."""
from __future__ import annotations

import functools
import operator
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import minigrad as mg
from minigrad.errors import MinigradError

from .compare import difference, gradient_difference, tensor_difference
from .database import BY_CHANNEL, WRAPPED, Entry, Sample, sample_of
from .oracles import PRECISION, oracle
from .rebuilt import CHOICES, REBUILD
from .translate import Untranslatable, function

MOST = {"value": 1000, "variant": 100, "in place": 100, "gradient": 200, "gradgrad": 100, "in-place gradient": 30}


@dataclass(frozen=True)
class Result:
    """How one sample fared: `at` is its dtype and number, `failure` says in what it differs, None for nothing."""
    at: str
    failure: str | None


Check = Callable[[Entry], Iterator[Result]]


def failure_of(act: Callable[[], str | None]) -> str | None:
    """What `act` says, or the error it dies of."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return act()
    except Exception as error:
        text = str(error).split("\n")[0]
        return f"{type(error).__name__}: {text[:300]}"


def label(dtype: Any, i: int) -> str:
    return f"{str(dtype).removeprefix('torch.')} {i}"


# ---------------------------------------------------------------- values
def value(entry: Entry) -> Iterator[Result]:
    """The function, for every dtype."""
    for dtype in entry.dtypes():
        for i, raw in entry.samples(dtype, MOST["value"]):
            yield Result(label(dtype, i), failure_of(lambda raw=raw: compare(entry, raw, entry.info.op, entry.function())))


def variant(entry: Entry) -> Iterator[Result]:
    """The method and the operator."""
    for kind, (theirs, ours) in entry.variants().items():
        for dtype in entry.dtypes():
            for i, raw in entry.samples(dtype, MOST["variant"]):
                act = functools.partial(compare, entry, raw, theirs, ours) if ours else lambda kind=kind: f"no {kind}"
                yield Result(f"{kind} {label(dtype, i)}", failure_of(act))


def compare(entry: Entry, raw: Any, theirs: Any, ours: Any) -> str | None:
    return (compare_draws if entry.draws(raw) else compare_values)(entry, raw, theirs, ours)


def compare_values(entry: Entry, raw: Any, theirs: Any, ours: Any) -> str | None:
    sample = sample_of(raw)
    expected = outcome(lambda: sample.call(0, theirs))
    if isinstance(expected, Exception):              # the database has samples that some variants refuse
        return refused(lambda: sample.call(1, ours), expected)
    got = sample.call(1, ours)
    name = entry.info.name
    if name in REBUILD:
        return difference(got, expected, values=False) or REBUILD[name](sample, got)
    if name in CHOICES:
        return difference(got, expected, values=False) or CHOICES[name](sample, got, expected)
    if name in PRECISION:
        return tensor_difference(got, expected, tolerance=PRECISION[name])
    return difference(got, expected)


def outcome(act: Callable[[], Any]) -> Any:
    """A result, or the exception in its place."""
    try:
        return act()
    except Exception as error:
        return error


def refused(act: Callable[[], Any], expected: Exception) -> str | None:
    """Where PyTorch raises we must, too."""
    got = outcome(act)
    if isinstance(got, MinigradError) or isinstance(got, Exception) and type(got) is type(expected):
        return None
    return f"PyTorch raises {type(expected).__name__}: {str(expected).splitlines()[0][:150]}; we give {type(got).__name__} {str(got)[:80]}"


def compare_draws(entry: Entry, raw: Any, theirs: Any, ours: Any) -> str | None:
    """Shape, dtype, and that the same seed gives the same values; then moments."""
    sample, again = sample_of(raw), sample_of(raw)
    expected = sample.call(0, theirs)
    mg.manual_seed(1)
    got = sample.call(1, ours)
    if entry.info.name.startswith(("empty", "new_empty")):
        return difference(got, expected, values=False)
    mg.manual_seed(1)
    repeated = again.call(1, ours)
    if found := difference(got, expected, values=False):
        return found
    if not np.array_equal(numbers(got), numbers(repeated), equal_nan=True):
        return "the same seed gives other values"
    return moments_differ(entry, raw)


def numbers(out: Any) -> np.ndarray:
    outs = out if isinstance(out, (tuple, list)) else [out]
    return np.concatenate([np.asarray(o.detach().numpy(), np.float64).reshape(-1) for o in outs])


def moments_differ(entry: Entry, raw: Any, enough: int = 3000) -> str | None:
    """Mean and standard deviation of many draws."""
    if entry.info.name in WRAPPED:
        return None
    theirs, ours = entry.drawing(), function(entry.drawing())
    torch.manual_seed(2)
    mg.manual_seed(3)
    drawn: tuple[list[np.ndarray], list[np.ndarray]] = [], []
    for _ in range(100):
        sample = sample_of(raw)
        for side, f in ((0, theirs), (1, ours)):
            drawn[side].append(numbers(sample.call(side, f)))
        size = len(drawn[0]) if entry.info.name in BY_CHANNEL else sum(d.size for d in drawn[0])
        if drawn[0][0].size == 0 or size > enough:
            break
    a, b = (np.concatenate(d) for d in drawn)
    with np.errstate(all="ignore"):
        a, b = a[np.isfinite(a)], b[np.isfinite(b)]
        if a.size < 100 or b.size < 100:
            return None
        a, b = np.clip(a, *np.percentile(a, [1, 99])), np.clip(b, *np.percentile(a, [1, 99]))    # some have no moments
        allowed = 6 * (a.std() + 1e-9) / np.sqrt(min(size, a.size, b.size))
    if abs(a.mean() - b.mean()) > allowed or abs(a.std() - b.std()) > 2 * allowed:
        return f"mean {b.mean():.4g} and deviation {b.std():.4g}, not {a.mean():.4g} and {a.std():.4g}"
    return None


# ---------------------------------------------------------------- in place
def in_place(entry: Entry) -> Iterator[Result]:
    """The method with an underscore and the augmented assignment."""
    for kind, (theirs, ours) in entry.in_place().items():
        for dtype in entry.dtypes():
            for i, raw in entry.samples(dtype, MOST["in place"]):
                act = functools.partial(compare_in_place, entry, raw, theirs, ours) if ours else lambda kind=kind: f"no {kind} method"
                yield Result(f"{kind} {label(dtype, i)}", failure_of(act))


def compare_in_place(entry: Entry, raw: Any, theirs: Any, ours: Any) -> str | None:
    sample = sample_of(raw)
    expected = outcome(lambda: sample.call(0, theirs))
    if isinstance(expected, Exception):
        return refused(lambda: sample.call(1, ours), expected)
    got = sample.call(1, ours)
    if got is not sample.input[1]:
        return f"the result is a {type(got).__name__}, not the input itself"
    return difference(got, expected, values=entry.has_values)


# ---------------------------------------------------------------- gradients
def gradient(entry: Entry) -> Iterator[Result]:
    """First gradients in float64, with one random seed per output."""
    if entry.info.supports_autograd and torch.float64 in entry.dtypes() and entry.has_values:
        for i, raw in entry.samples(torch.float64, MOST["gradient"], requires_grad=True):
            act = functools.partial(compare_gradients, entry, raw, oracle(entry.name, "gradient", entry.info.op), entry.function, 1)
            yield Result(label(torch.float64, i), failure_of(act))


def gradgrad(entry: Entry) -> Iterator[Result]:
    """Gradients of the gradients, for the inputs and for the seeds."""
    if entry.info.supports_autograd and entry.info.supports_gradgrad and torch.float64 in entry.dtypes() and entry.has_values:
        for i, raw in entry.samples(torch.float64, MOST["gradgrad"], requires_grad=True):
            act = functools.partial(compare_gradients, entry, raw, oracle(entry.name, "gradgrad", entry.info.op), entry.function, 2)
            yield Result(label(torch.float64, i), failure_of(act))


def in_place_gradient(entry: Entry) -> Iterator[Result]:
    """First and second gradients through the in-place method, written into a copy of the input."""
    theirs, ours = entry.in_place().get("in place", (None, None))
    if theirs is None or not entry.info.supports_inplace_autograd or torch.float64 not in entry.dtypes() or not entry.has_values:
        return
    for i, raw in entry.samples(torch.float64, MOST["in-place gradient"], requires_grad=True):
        if raw.broadcasts_input:
            continue
        order = 2 if entry.info.supports_gradgrad else 1
        act = functools.partial(compare_gradients, entry, raw, on_copy(theirs), functools.partial(on_copy, ours), order) \
            if ours else lambda: "no in-place method"
        yield Result(label(torch.float64, i), failure_of(act))


def on_copy(function: Any) -> Any:
    return lambda x, *args, **kwargs: function(x.clone(), *args, **kwargs)


def wrapped(entry: Entry, side: int, function_: Any) -> Any:
    """The function as the database wants it differentiated: some only make sense for, say, Hermitian input."""
    wrapper = entry.info.gradcheck_wrapper if side == 0 else function(entry.info.gradcheck_wrapper)
    return functools.partial(wrapper, function_)


def compare_gradients(entry: Entry, raw: Any, theirs: Any, ours: Callable[[], Any], order: int) -> str | None:
    sample = sample_of(raw, requires_grad=True)
    if not sample.leaves or entry.draws(raw):
        return None
    return gradients_differ(sample, wrapped(entry, 0, theirs), lambda: wrapped(entry, 1, ours()), order)


def gradients_differ(sample: Sample, theirs: Any, ours: Callable[[], Any], order: int) -> str | None:
    """In what the gradients of a function differ, up to an order; `ours` gives our function."""
    expected = outcome(lambda: gradients(torch, sample, 0, theirs, order))
    if isinstance(expected, Exception):
        if order == 2:                               # PyTorch itself has no second gradient here
            return gradients_differ(sample, theirs, ours, 1)
        return None if "does not require grad" in str(expected) else f"PyTorch fails: {str(expected)[:200]}"
    got = gradients(mg, sample, 1, ours(), order)
    for which, a, b in zip(("first", "second"), got, expected):
        if len(a) != len(b):
            return f"{len(a)} {which} gradients, not {len(b)}"
        for k, (x, y) in enumerate(zip(a, b)):
            if found := gradient_difference(x, y):
                return f"{which} gradient {k}: {found}"
    return None


def gradients(library: Any, sample: Sample, side: int, function_: Any, order: int) -> list[list[Any]]:
    """[first gradients, second gradients] of the leaves."""
    leaves = [pair[side] for pair in sample.leaves]
    outs = differentiable(library, sample.process[side](sample.call(side, function_)))
    if not outs:
        return []
    rng = np.random.default_rng(0)
    seeds = [random_like(library, o, rng) for o in outs]
    if order == 1:
        return [list(library.autograd.grad(outs, leaves, seeds, allow_unused=True))]
    seeds = [s.requires_grad_() for s in seeds]
    first = list(library.autograd.grad(outs, leaves, seeds, create_graph=True, allow_unused=True))
    roots = [random_like(library, g, rng) if g is not None else rng.standard_normal(tuple(x.shape)) for g, x in zip(first, leaves)]
    live = [(g, s) for g, s in zip(first, roots) if g is not None and g.requires_grad]
    if not live:
        return [first, [None] * (len(leaves) + len(seeds))]
    second = library.autograd.grad([g for g, _ in live], [*leaves, *seeds], [s for _, s in live], allow_unused=True)
    return [first, list(second)]


def differentiable(library: Any, out: Any) -> list[Any]:
    outs = list(out) if isinstance(out, (tuple, list)) else [out]
    outs = [o for o in outs if isinstance(o, library.Tensor) and o.requires_grad]
    return [o for o in outs if o.numel()] or outs    # nothing depends on an empty one beside others


def random_like(library: Any, t: Any, rng: np.random.Generator) -> Any:
    values = rng.standard_normal(tuple(t.shape))
    if t.is_complex():
        values = values + 1j * rng.standard_normal(tuple(t.shape))
    return library.tensor(values, dtype=t.dtype)


# ---------------------------------------------------------------- errors
def error(entry: Entry) -> Iterator[Result]:
    """The database's wrong inputs: an error of ours, of the entry's type, that names the op."""
    for i, wrong in enumerate(entry.error_inputs()):
        sample = outcome(lambda wrong=wrong: sample_of(wrong.sample_input, shared=True))
        if isinstance(sample, Exception):
            yield Result(f"error {i}", f"{type(sample).__name__}: {sample}")
            continue
        theirs = outcome(lambda sample=sample: sample.call(0, entry.info.op))
        if isinstance(theirs, Exception):            # some are accepted, against what the database says
            yield Result(f"error {i}", failure_of(functools.partial(compare_error, entry, wrong, sample, theirs)))


def compare_error(entry: Entry, wrong: Any, sample: Sample, theirs: Exception) -> str | None:
    ours = entry.function()
    got = outcome(lambda: sample.call(1, ours))
    kind = builtin_of(wrong.error_type)
    asked = f"PyTorch's {kind.__name__}: {str(theirs).splitlines()[0][:150]}"
    if not isinstance(got, Exception):
        return f"accepted; {asked}"
    if not isinstance(got, MinigradError) or not isinstance(got, kind):
        return f"{type(got).__name__}: {str(got)[:150]}; {asked}"
    return None if names_op(entry, str(got)) else f"names no op: {str(got)[:150]}; {asked}"


def builtin_of(kind: Any) -> Any:
    """The exception of Python that an error of PyTorch's derives from."""
    return next(k for k in kind.__mro__ if k.__module__ == "builtins")


# What is one op with us, under the name that errors give.
SHARED = {"conv1d": "convolution", "conv2d": "convolution", "conv3d": "convolution", "hann": "general_cosine", "hamming": "general_cosine",
          "blackman": "general_cosine", "nuttall": "general_cosine", "general_hamming": "general_cosine"}


def names_op(entry: Entry, text: str) -> bool:
    name = entry.short.strip("_")
    names = [name.removeprefix("r") if entry.short.startswith("__r") else name, *[a.name.rpartition(".")[2] for a in entry.info.aliases]]
    names += [SHARED.get(entry.short, name), name.removesuffix("_copy")]
    operators = [f.__name__ for f in vars(operator).values() if f is entry.info.operator_variant]
    return any(name.lower() in text.lower() for name in [*names, *operators])


CHECKS: dict[str, Check] = {"value": value, "variant": variant, "in place": in_place, "gradient": gradient, "gradgrad": gradgrad,
                            "in-place gradient": in_place_gradient, "error": error}

__all__ = ["CHECKS", "Result", "Untranslatable"]

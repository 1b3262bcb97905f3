"""What every registered op must do, checked on its samples. An op without samples fails."""
from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.ops
from minigrad.autograd.gradcheck import numerical_gradients
from minigrad.engine.backward import grad
from minigrad.engine.mode import on_arrays
from minigrad.engine.node import TensorBase, wrap
from minigrad.engine.op import OPS
from tests.ops import samples as registry
from tests.ops.samples import S
from tests.strict_arrays import StrictArray, host

for _module in pkgutil.iter_modules(minigrad.ops.__path__):
    importlib.import_module(f"minigrad.ops.{_module.name}")
SAMPLES = registry.load()
NAMES = sorted(OPS)


class Run:
    """One sample on one kind of array: its inputs as tensors, its outputs, its gradients."""

    def __init__(self, name: str, sample: S, make: Any = np.array, dtype: str = "f8", record: bool = True) -> None:
        self.op = OPS[name]
        self.function = FUNCTIONS[name]
        self.sample = sample
        values = self.op.bind(sample.args, sample.kwargs)
        self.inputs: list[Any] = []                  # tensors that require grad, in the order of op.inputs
        for i, value in enumerate(values):
            if i in self.op.sequences and value is not None:
                values[i] = [self.tensor(v, make, dtype, record and i in self.op.inputs) for v in value]
            elif isinstance(value, np.ndarray) and i in self.op.tensors:
                values[i] = self.tensor(value, make, dtype, record and i in self.op.inputs)
            else:
                values[i] = device_option(value, make)
        self.values = values

    def tensor(self, array: np.ndarray, make: Any, dtype: str, record: bool) -> Any:
        kind = {"f": dtype, "c": dtype.replace("f", "c").replace("4", "8") if dtype == "f4" else "c16"}.get(array.dtype.kind)
        t = wrap(make(array.astype(kind) if kind else array.copy()))
        if record and array.dtype.kind in "fc" and not self.sample.no_gradient:
            t.requires_grad_()
            self.inputs.append(t)
        return t

    def call(self) -> list[Any]:
        """The differentiable outputs."""
        n = self.op.positional
        out = self.function(*self.values[:n], **dict(zip(self.op.names[n:], self.values[n:], strict=True)))
        outs = list(out) if isinstance(out, tuple) else [out]
        return outs[:len(outs) - len(self.op.kept)] if self.op.returns is not None else outs

    def gradients(self, seeds: list[Any], create_graph: bool = False) -> list[Any]:
        outs = [o for o in self.call() if o.requires_grad]
        return list(grad(outs, self.inputs, seeds[:len(outs)], create_graph=create_graph, allow_unused=True))


def device_option(value: Any, make: Any) -> Any:
    """Index arrays and masks among the options, on the device too."""
    if isinstance(value, np.ndarray):
        return make(value)
    if isinstance(value, tuple) and any(isinstance(v, np.ndarray) for v in value):
        return tuple(device_option(v, make) for v in value)
    return value


def functions() -> dict[str, Any]:
    """The callable of each op: the object that @op left in the module of its forward, or that a pattern returned."""
    found = {}
    for name, op in OPS.items():
        for module in [m for n, m in sorted(sys.modules.items()) if n.startswith("minigrad.")]:
            for value in list(vars(module).values()):
                if getattr(value, "op", None) is op:
                    found[name] = value
    return found


FUNCTIONS = functions()


def seeds_for(outs: list[Any], dtype: str = "f8") -> list[Any]:
    rng = np.random.default_rng(1)
    seeds = []
    for out in outs:
        if out.requires_grad:
            s = rng.uniform(0.5, 1.5, out.shape)
            s = s + 1j * rng.uniform(0.5, 1.5, out.shape) if out.array.dtype.kind == "c" else s
            seeds.append(wrap(np.asarray(s, out.array.dtype)))
    return seeds


def close(actual: Any, expected: Any, rtol: float, what: str) -> None:
    actual, expected = np.asarray(host(actual)), np.asarray(expected)
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, expected {expected.shape}"
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=1.0) if expected.dtype.kind in "fc" else 1.0
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=rtol * scale, err_msg=what)


@pytest.fixture(params=NAMES)
def name(request: Any) -> str:
    assert request.param in SAMPLES, f"op {request.param!r} has no samples; add them to tests/ops/samples/"
    return str(request.param)


def test_no_samples_for_ops_that_do_not_exist() -> None:
    assert sorted(set(SAMPLES) - set(OPS)) == []


def test_value(name: str) -> None:
    entry = SAMPLES[name]
    if entry.oracle is None:
        return
    for sample in entry.draw():
        outs = Run(name, sample, record=False).call()
        expected = entry.oracle(*sample.args, **sample.kwargs)
        expected = list(expected) if isinstance(expected, tuple) else [expected]
        for out, e in zip(outs, expected, strict=False):
            close(out.array, e, entry.rtol, f"{name} {sample}")


def test_inputs_stay_untouched(name: str) -> None:
    for sample in SAMPLES[name].draw():
        run = Run(name, sample)
        before = [t.array.copy() for t in run.inputs]
        outs = run.call()
        if run.inputs:
            grad([o for o in outs if o.requires_grad], run.inputs, seeds_for(outs), allow_unused=True)
        for t, b in zip(run.inputs, before, strict=True):
            np.testing.assert_array_equal(t.array, b)


def test_nothing_is_recorded_under_no_grad(name: str) -> None:
    for sample in SAMPLES[name].draw():
        with mg.no_grad():
            assert not any(out.requires_grad for out in Run(name, sample).call()), sample


def test_first_gradients(name: str) -> None:
    """Against central differences, in float64."""
    if SAMPLES[name].unchecked.startswith("random"):
        pytest.skip("random: each call draws anew")
    for sample in SAMPLES[name].draw():
        run = Run(name, sample)
        outs = run.call()
        if not run.inputs:
            continue
        seeds = seeds_for(outs)
        assert seeds, f"{name} {sample}: no output requires grad"
        numeric = numerical_gradients(lambda r=run: [o for o in r.call() if o.array.dtype.kind in "fc"], run.inputs, seeds)
        for t, g, n in zip(run.inputs, run.gradients(seeds), numeric, strict=True):
            assert g is not None or not np.any(n), f"{name} {sample}: no gradient for input {tuple(t.shape)}"
            if g is not None:
                assert (g.array.shape, g.array.dtype) == (t.array.shape, t.array.dtype)
                close(g.array, n, 1e-5, f"{name} {sample}: first gradient")


def test_rules_on_arrays_equal_rules_on_tensors(name: str) -> None:
    """Value, shape and dtype, in float64 and float32."""
    if SAMPLES[name].unchecked.startswith("random"):
        pytest.skip("random: each call draws anew")
    for dtype in ("f8", "f4"):
        for sample in SAMPLES[name].draw():
            run = Run(name, sample, dtype=dtype)
            if not run.inputs:
                continue
            seeds = seeds_for(run.call())
            for a, b in zip(run.gradients(seeds), run.gradients(seeds, create_graph=True), strict=True):
                assert (a is None) == (b is None)
                if a is not None:
                    expected = {"f8": "c16", "f4": "c8"}[dtype] if b.array.dtype.kind == "c" else dtype
                    assert a.array.dtype == b.array.dtype == np.dtype(expected)
                    close(a.array, b.array, 1e-9 if dtype == "f8" else 1e-4, f"{name} {sample} {dtype}")


def test_second_gradients(name: str) -> None:
    """Gradients of gradients against central differences: a kept result that is not made again shows here."""
    if SAMPLES[name].unchecked.startswith("random"):
        pytest.skip("random: each call draws anew")
    for sample in SAMPLES[name].draw():
        run = Run(name, sample)
        if not run.inputs or sample.no_second:
            continue
        seeds = [s.requires_grad_() for s in seeds_for(run.call())]
        first = [g for g in run.gradients(seeds, create_graph=True) if g is not None and g.requires_grad]
        if not first:
            continue
        seconds = seeds_for(first)
        everything = [*run.inputs, *seeds]
        analytic = grad(first, everything, seconds, allow_unused=True)

        def again(r: Run = run, s: list[Any] = seeds) -> list[Any]:
            return [g for g in r.gradients(s, create_graph=True) if g is not None and g.requires_grad]
        numeric = numerical_gradients(again, everything, seconds)
        for t, g, n in zip(everything, analytic, numeric, strict=True):
            close(np.zeros(t.array.shape) if g is None else g.array, n, 1e-4, f"{name} {sample}: second gradient")


def test_non_contiguous_inputs(name: str) -> None:
    """The same values in strided memory give the same results."""
    def strided(array: np.ndarray) -> np.ndarray:
        memory = np.zeros((*array.shape[::-1], 2), array.dtype)
        view = memory[..., 0].transpose()
        view[...] = array
        return view
    if SAMPLES[name].unchecked.startswith("random"):
        pytest.skip("random: each call draws anew")
    for sample in SAMPLES[name].draw():
        if sample.layout:
            continue
        plain, other = Run(name, sample), Run(name, sample, make=strided)
        outs, expected = other.call(), plain.call()
        for a, b in zip(outs, expected, strict=True):
            close(a.array, b.array, 1e-9, f"{name} {sample}: strided")
        if plain.inputs:
            seeds = seeds_for(expected)
            for a, b in zip(other.gradients(seeds), plain.gradients(seeds), strict=True):
                assert (a is None) == (b is None)
                if a is not None:
                    close(a.array, b.array, 1e-9, f"{name} {sample}: strided gradient")


def test_no_numpy_on_a_device(name: str) -> None:
    """Forward, backward and double backward on arrays that refuse NumPy."""
    check_on_device(name)


def check_on_device(name: str, kind: type = StrictArray, make: Any = StrictArray, to_host: Any = host, rtol: float = 1e-9) -> None:
    """An op's results and gradients on arrays of a device are those on NumPy's, and none leaves the device."""
    for sample in SAMPLES[name].draw():
        if sample.leaves:
            continue
        plain = Run(name, sample)
        expected = plain.call()
        run = Run(name, sample, make=make)
        outs = run.call()
        for out, e in zip(outs, expected, strict=True):
            assert isinstance(out.array, kind), f"{name} {sample}: the output left the device"
            if not SAMPLES[name].unchecked:
                close(to_host(out.array), e.array, rtol, f"{name} {sample}: on a device")
        if not run.inputs:
            continue
        on_host = seeds_for(expected)
        seeds = [wrap(make(s.array)) for s in on_host]
        for g, e in zip(run.gradients(seeds), plain.gradients(on_host), strict=True):
            assert (g is None) == (e is None)
            if g is not None:
                assert isinstance(g.array, kind), f"{name} {sample}: a gradient left the device"
                if not SAMPLES[name].unchecked:
                    close(to_host(g.array), e.array, rtol, f"{name} {sample}: gradient on a device")
        if sample.no_second:
            continue
        first = [g for g in run.gradients(seeds, create_graph=True) if g is not None and g.requires_grad]
        if first:
            grad(first, run.inputs, [wrap(make(np.ones(g.shape, g.array.dtype))) for g in first], allow_unused=True)


def test_arrays_are_for_rules_only(name: str) -> None:
    """An op refuses arrays from users, and takes them where rules run."""
    op, sample = OPS[name], SAMPLES[name].draw()[0]
    if not op.tensors:
        pytest.skip("takes no tensor")
    with pytest.raises(TypeError, match=r"must be a Tensor|Tensors"):
        FUNCTIONS[name](*sample.args, **sample.kwargs)
    with on_arrays():
        result = FUNCTIONS[name](*sample.args, **sample.kwargs)
    assert not isinstance(result, TensorBase)

"""`autocast`: where it holds, what it leaves alone, and weights that are cast once."""
from __future__ import annotations

import threading
import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import amp
from minigrad.amp import autocast_mode
from minigrad.engine.mode import local, watching

HALF, SINGLE, DOUBLE = mg.float16, mg.float32, mg.float64


def half() -> Any:
    return mg.autocast("cpu", dtype=HALF)


def product(x: Any, y: Any) -> Any:
    return (x @ y).dtype


X, Y = mg.ones(2, 3), mg.ones(3, 2)


def test_regions_nest_and_have_islands() -> None:
    assert product(X, Y) is SINGLE
    with half():
        assert product(X, Y) is HALF
        with mg.autocast("cpu", enabled=False):
            assert product(X, Y) is SINGLE
            with half():
                assert product(X, Y) is HALF
            assert product(X, Y) is SINGLE
        assert product(X, Y) is HALF
    assert product(X, Y) is SINGLE
    assert local.mode.watch is None
    assert local.mode.autocast is None               # and ops run on their short paths again


def test_one_object_may_be_entered_again() -> None:
    region = half()
    with region, mg.autocast("cpu", enabled=False), region:
        assert product(X, Y) is HALF
    assert product(X, Y) is SINGLE


def test_an_error_ends_the_region() -> None:
    with pytest.raises(ZeroDivisionError), half():
        raise ZeroDivisionError
    assert product(X, Y) is SINGLE


def test_as_a_decorator() -> None:
    @mg.autocast("cpu", dtype=HALF)
    def function(x: Any, *, y: Any) -> Any:
        """Its docstring."""
        return product(x, y)

    assert function(X, y=Y) is HALF
    assert function.__doc__ == "Its docstring."
    assert product(X, Y) is SINGLE


def test_other_threads_are_left_alone() -> None:
    found: list[Any] = []
    with half():
        thread = threading.Thread(target=lambda: found.append((product(X, Y), mg.is_autocast_enabled("cpu"))))
        thread.start()
        thread.join()
    assert found == [(SINGLE, False)]


def test_what_can_be_asked_and_set() -> None:
    assert [mg.is_autocast_enabled("cpu"), mg.is_autocast_enabled(), amp.is_autocast_available("cpu")] == [False, False, True]
    with mg.autocast("cpu", dtype=HALF, cache_enabled=False):
        assert [mg.is_autocast_enabled("cpu"), mg.is_autocast_cpu_enabled(), mg.is_autocast_enabled("cuda")] == [True, True, False]
        assert mg.is_autocast_cache_enabled() is False
        assert mg.get_autocast_dtype("cpu") is mg.get_autocast_cpu_dtype() is HALF
    assert mg.is_autocast_cache_enabled() is True
    mg.set_autocast_enabled("cpu", True)
    assert product(X, Y) is HALF
    mg.set_autocast_enabled("cpu", False)
    assert product(X, Y) is SINGLE
    with pytest.raises(RuntimeError, match="'tpu' is no device"):
        mg.is_autocast_enabled("tpu")


def test_the_default_dtype_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autocast_mode, "_told", set())
    with pytest.warns(UserWarning, match=r"bfloat16, which NumPy has not; computing in float16, whose gradients need a GradScaler"):
        region = mg.autocast("cpu")
    with region:
        assert product(X, Y) is HALF
    mg.autocast("cpu")                               # a second warning would be an error here


def test_what_switches_it_off_with_a_warning() -> None:
    with pytest.warns(UserWarning, match=r"computes in float16 only; got minigrad\.float64; switched off"):
        region = mg.autocast("cpu", dtype=DOUBLE)
    with region:
        assert product(X, Y) is SINGLE
    with pytest.warns(UserWarning, match="CUDA is not available; switched off"):
        mg.autocast("cuda")


def test_arguments_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="Expected `device_type` of type `str`, got"):
        mg.autocast(mg.device("cpu"))                # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be a minigrad dtype; got 3"):
        mg.autocast("cpu", dtype=3)                  # type: ignore[arg-type]


def test_a_dtype_without_tensors_leaves_dtypes_as_they_are_and_says_so() -> None:
    x = mg.ones(2, 2)
    with pytest.warns(UserWarning, match=r"computes in float16 only; got \w+.bfloat16; switched off"):
        context = mg.autocast("cpu", dtype=mg.bfloat16)
    with context:
        assert (x @ x).dtype is mg.float32
        assert not mg.is_autocast_enabled("cpu")
    with mg.autocast("cpu", dtype=mg.bfloat16, enabled=False):           # nothing to say
        assert (x @ x).dtype is mg.float32


def test_float64_and_integers_stay() -> None:
    with half():
        assert product(X.double(), Y.double()) is DOUBLE
        assert product(X.long(), Y.long()) is mg.int64
        assert (X.half() + Y.T.contiguous()).dtype is SINGLE     # in no list: promoted as ever
        assert mg.cat([X.half(), X]).dtype is SINGLE


def test_out_is_left_alone() -> None:
    with half():
        out = mg.zeros(2, 2)
        assert mg.mm(X, Y, out=out).dtype is SINGLE


# ---------------------------------------------------------------- weights
def casts(function: Any) -> int:
    """How many casts run."""
    seen: list[str] = []

    def watch(op: Any, call: Any, args: Any, kwargs: Any) -> Any:
        seen.append(op.name)
        return call(*args, **kwargs)

    with watching(watch):
        function()
    return seen.count("cast")


def test_a_weight_is_cast_once_per_region() -> None:
    w, x = mg.ones(4, 3, requires_grad=True), mg.ones(2, 3, dtype=HALF)

    def region(**options: Any) -> None:
        with mg.autocast("cpu", dtype=HALF, **options):
            for _ in range(3):
                F.linear(x, w)
                with mg.autocast("cpu", dtype=HALF):
                    F.linear(x, w)

    assert casts(region) == 1
    assert casts(lambda: region(cache_enabled=False)) == 6
    assert casts(region) == 1                        # anew in each
    frozen = w.detach()

    def without() -> None:
        with half():
            F.linear(x, frozen)
            F.linear(x, frozen)
    assert casts(without) == 2                       # only leaves that require grad are kept


def test_gradients_add_up_in_the_float32_weight() -> None:
    torch = pytest.importorskip("torch")

    def run(lib: Any) -> Any:
        w = lib.tensor(np.arange(6.0).reshape(2, 3), dtype=lib.float32).requires_grad_()
        x = lib.tensor([[0.1, 0.2, 0.3]], dtype=lib.float32)
        with lib.autocast("cpu", dtype=lib.float16):
            y = lib.nn.functional.linear(x, w)
            (y.sum() + (lib.nn.functional.linear(x, w) ** 2).sum()).backward()
            lib.nn.functional.linear(x, w).float().sum().backward()      # a second pass through the same cast
        return w.grad

    ours, theirs = run(mg), run(torch)
    assert ours.dtype is SINGLE
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=2e-3)


def test_a_weight_that_is_written_in_a_region_is_cast_anew() -> None:
    w, x = mg.ones(1, 1, requires_grad=True), mg.ones(1, 1)
    with half():
        assert F.linear(x, w).item() == 1.0
        with mg.no_grad():
            w.mul_(3)
        assert F.linear(x, w).item() == 3.0


def test_a_cast_made_without_recording_is_not_used_where_gradients_are_wanted() -> None:
    w, x = mg.ones(1, 1, requires_grad=True), mg.ones(1, 1)
    with half():
        with mg.no_grad():
            F.linear(x, w)
        F.linear(x, w).sum().backward()
    assert w.grad.tolist() == [[1.0]]


def test_nothing_is_kept_alive_by_the_cache() -> None:
    with half():
        F.linear(X, mg.ones(2, 3, requires_grad=True))
        assert len(local.mode.autocast.cast) == 1
        mg.clear_autocast_cache()
        assert not local.mode.autocast.cast


# ---------------------------------------------------------------- with what else there is
def test_debug_sees_the_casts(capsys: pytest.CaptureFixture[str]) -> None:
    with half(), mg.debug(1):
        X @ Y
    assert [line.split()[1] for line in capsys.readouterr().err.splitlines()] == ["cast", "cast", "matmul"]


def test_inside_and_around_vmap() -> None:
    def product(x: Any) -> Any:
        return x @ Y

    with half():
        assert mg.vmap(product)(mg.ones(4, 2, 3)).dtype is HALF

    def inside(x: Any) -> Any:
        with half():
            return x @ Y
    assert mg.vmap(inside)(mg.ones(4, 2, 3)).dtype is HALF


def test_second_gradients() -> None:
    x = mg.tensor([[0.5, 1.0]], requires_grad=True)
    with half():
        y = (x @ x.T) ** 2
        g, = mg.autograd.grad(y.sum(), x, create_graph=True)
        h, = mg.autograd.grad(g.float().sum(), x)
    # y = s^2 with s = x . x; g = 4 s x; sum(g) = 4 s (x0 + x1), whose gradient is 8 x (x0 + x1) + 4 s
    np.testing.assert_allclose(g.detach().numpy(), [[2.5, 5.0]], rtol=2e-3)
    np.testing.assert_allclose(h.numpy(), [[11.0, 17.0]], rtol=2e-3)


def test_a_layer_that_gets_float16_and_has_float32_weights() -> None:
    for make in (mg.nn.LSTM, mg.nn.GRU, mg.nn.RNN):
        layer, before = make(3, 4), mg.nn.Linear(3, 3)
        with half():
            y, _ = layer(before(mg.ones(5, 2, 3)))
        y.float().sum().backward()
        assert before.weight.grad.dtype is SINGLE


# ---------------------------------------------------------------- autograd.Function
def functions(lib: Any) -> list[Any]:
    """What the three kinds of decorated functions see: dtypes and whether autocast is on, forward and back."""
    seen: list[Any] = []

    def look(*tensors: Any) -> None:
        seen.append(([str(t.dtype).split(".")[1] for t in tensors], lib.is_autocast_enabled("cpu")))

    class Plain(lib.autograd.Function):              # type: ignore[misc]
        @staticmethod
        @lib.amp.custom_fwd(device_type="cpu")
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            look(x, y)
            ctx.save_for_backward(x, y)
            return x @ y

        @staticmethod
        @lib.amp.custom_bwd(device_type="cpu")
        def backward(ctx: Any, g: Any) -> Any:
            x, y = ctx.saved_tensors
            look(g, g @ y.T)
            return (g @ y.T).float(), (x.T @ g).float()

    class Cast(lib.autograd.Function):               # type: ignore[misc]
        @staticmethod
        @lib.amp.custom_fwd(device_type="cpu", cast_inputs=lib.float32)
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            look(x, y, x @ y)
            ctx.save_for_backward(x, y)
            return x @ y

        @staticmethod
        @lib.amp.custom_bwd(device_type="cpu")
        def backward(ctx: Any, g: Any) -> Any:
            x, y = ctx.saved_tensors
            look(g, g @ y.T)
            return g @ y.T, x.T @ g

    for function in (Plain, Cast):
        for on in (True, False):
            x, y = lib.ones(2, 3, requires_grad=True), lib.ones(3, 2, requires_grad=True)
            with lib.autocast("cpu", dtype=lib.float16, enabled=on):
                out = function.apply(x if function is Plain else x.half() if on else x, y)
            out.float().sum().backward()
            seen.append([x.grad.tolist(), str(out.dtype).split(".")[1]])
    return seen


def test_custom_functions_are_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    assert functions(mg) == functions(torch)


def test_the_older_names_for_cuda() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with mg.cuda.amp.autocast():
            assert product(X, Y) is SINGLE
    assert mg.cuda.amp.custom_fwd(lambda ctx, x: x) is not None

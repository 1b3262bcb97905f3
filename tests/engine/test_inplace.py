"""In-place ops and views: programs that must give PyTorch's gradients, or be refused as there."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg

torch = pytest.importorskip("torch")

Program = Callable[[Any, Any, Any], Any]             # (library, x, y) -> output; x (3, 4) and y (4,) are leaves, float64
PROGRAMS: dict[str, Program] = {}
SAME, BOTH_REFUSE, ONLY_TORCH_REFUSES = "same", "both refuse", "only torch refuses"
EXPECTED: dict[str, str] = {}


def program(verdict: str) -> Callable[[Program], Program]:
    def register(f: Program) -> Program:
        PROGRAMS[f.__name__], EXPECTED[f.__name__] = f, verdict
        return f
    return register


@program(SAME)
def add_to_the_output_of_an_op(t, x, y):
    z = x * 2.0
    z.add_(y)
    return z


@program(SAME)
def mul_that_needs_the_old_value(t, x, y):
    z = x * 2.0
    z.mul_(y)
    return z * z


@program(ONLY_TORCH_REFUSES)
def multiplied_by_itself(t, x, y):
    z = x * 2.0
    z.mul_(z)
    return z


@program(BOTH_REFUSE)
def leaf_while_recording(t, x, y):
    x.add_(1.0)
    return x


@program(BOTH_REFUSE)
def leaf_under_no_grad_after_it_was_saved(t, x, y):
    z = x * x
    with t.no_grad():
        x.mul_(2.0)
    return z


@program(BOTH_REFUSE)
def saved_input_overwritten(t, x, y):
    z = x * 2.0
    w = z * z
    z.mul_(2.0)
    return w


@program(BOTH_REFUSE)
def saved_output_overwritten(t, x, y):
    z = x.exp()
    z.mul_(2.0)
    return z


@program(SAME)
def nothing_saved_nothing_lost(t, x, y):
    z = x * 2.0
    w = z + z
    z.mul_(2.0)
    return w + z


@program(SAME)
def exp_in_place(t, x, y):
    z = x * 0.5
    z.exp_()
    return z * y


@program(SAME)
def write_through_a_view(t, x, y):
    z = x * 2.0
    v = z[0]
    v.mul_(3.0)
    return z * z


@program(SAME)
def write_through_a_view_with_a_gradient(t, x, y):
    z = x * 2.0
    v = z[1]
    v.mul_(y)
    return z * z


@program(SAME)
def old_view_after_a_write(t, x, y):
    z = x * 2.0
    v = z[0]
    z.mul_(2.0)
    return v * v


@program(SAME)
def view_of_a_view(t, x, y):
    z = x * 2.0
    v = z[1:][0]
    v.add_(y)
    return z * z


@program(SAME)
def sibling_views(t, x, y):
    z = x * 2.0
    a, b = z[0], z[:, 1]
    a.mul_(y)
    return b * b


@program(SAME)
def assign_a_row(t, x, y):
    z = x * 2.0
    z[1] = y
    return z * z


@program(SAME)
def assign_a_number(t, x, y):
    z = x * 2.0
    z[1] = 3.0
    return z * z


@program(SAME)
def assign_rows_by_list(t, x, y):
    z = x * 2.0
    z[[0, 2]] = y
    return z * z


@program(BOTH_REFUSE)
def assign_into_a_leaf(t, x, y):
    x[0] = 1.0
    return x


@program(BOTH_REFUSE)
def write_into_a_view_of_a_leaf(t, x, y):
    v = x[0]
    v.mul_(2.0)
    return x


@program(SAME)
def fill_a_buffer_in_a_loop(t, x, y):
    out = t.zeros(3, 4, dtype=t.float64)
    for i in range(3):
        out[i] = x[i] * y
    return out * out


@program(SAME)
def read_between_writes(t, x, y):
    out = t.zeros(3, 4, dtype=t.float64)
    out[0] = x[0]
    h = out[0] + y
    out[1] = h
    return out


@program(BOTH_REFUSE)
def write_elsewhere_into_saved_memory(t, x, y):
    out = t.zeros(3, 4, dtype=t.float64)
    out[0] = x[0]
    h = out[0] * out[0]
    out[1] = h
    return out


@program(BOTH_REFUSE)
def expanded_tensor(t, x, y):
    z = (y * 1.0).expand(3, 4)
    z.add_(x)
    return z


@program(BOTH_REFUSE)
def output_of_split(t, x, y):
    a, b = (x * 2.0).split(2, 1)
    a.mul_(2.0)
    return a * b


@program(BOTH_REFUSE)
def detach_shares_the_version(t, x, y):
    z = x * 2.0
    w = z * z
    z.detach().mul_(2.0)
    return w


@program(SAME)
def data_does_not_share_the_version(t, x, y):
    z = x * 2.0
    w = z + y
    z.data.mul_(2.0)
    return w


@program(BOTH_REFUSE)
def result_larger_than_the_target(t, x, y):
    z = y * 2.0
    z.add_(x)
    return z


@program(SAME)
def copy_broadcasts(t, x, y):
    z = x * 2.0
    z.copy_(y)
    return z * z


@program(BOTH_REFUSE)
def view_made_under_no_grad(t, x, y):
    z = x * 2.0
    with t.no_grad():
        v = z[0]
    v.mul_(2.0)
    return z


@program(SAME)
def transposed_memory(t, x, y):
    z = (x * 2.0).T
    v = z[1]
    v.mul_(3.0)
    return z * z


@program(SAME)
def detached_view_stays_out_of_the_graph(t, x, y):
    z = x * 2.0
    v = z[0].detach()
    v.mul_(3.0)
    return z + 1.0


@program(SAME)
def constant_base_recorded_through_a_view(t, x, y):
    base = t.zeros(3, 4, dtype=t.float64)
    first, second = base[0], base[:, 0]
    first.add_(y)
    return second * 2.0


@program(SAME)
def leaf_under_no_grad(t, x, y):
    with t.no_grad():
        x.add_(1.0)
    return x * y


@program(SAME)
def masked_and_strided_writes(t, x, y):
    z = x * 2.0
    z[:, ::2] *= 3.0
    z[1:, 1] = y[0]
    return z * z


@program(SAME)
def zero_then_accumulate(t, x, y):
    z = x * 2.0
    z.zero_()
    z += y
    return z * x


@program(SAME)
def unsqueezed_view_written(t, x, y):
    z = y * 2.0
    z.unsqueeze(0).mul_(3.0)
    return z * z


def outcome(t: Any, f: Program) -> Any:
    rng = np.random.default_rng(0)
    x, y = (t.tensor(rng.standard_normal(s), requires_grad=True) for s in ((3, 4), (4,)))
    try:
        out = f(t, x, y)
        value = out.detach().numpy().copy()
        (out * out).sum().backward()
    except RuntimeError as error:
        return error
    return value, *[np.zeros(p.shape) if p.grad is None else p.grad.numpy() for p in (x, y)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str) -> None:
    theirs, ours = outcome(torch, PROGRAMS[name]), outcome(mg, PROGRAMS[name])
    verdict = EXPECTED[name]
    assert isinstance(ours, RuntimeError) == (verdict == BOTH_REFUSE), ours
    assert isinstance(theirs, RuntimeError) == (verdict != SAME), theirs
    if verdict == SAME:
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize(("make", "slope"), [
    (lambda x, y: x / 4, 2.0), (lambda x, y: 4 / x, -8.0), (lambda x, y: x / y.detach(), 4.0),
    (lambda x, y: x / x.detach().norm(), 2 ** 1.5),
    (lambda x, y: x ** 2, 32.0), (lambda x, y: y.detach() / x, -4.0), (lambda x, y: x / y + 0 * (y / x), 4.0)])
def test_a_quotient_or_a_power_may_be_written_into(make: Any, slope: float) -> None:
    """Only a result that a live rule needs is guarded; the gradient is that of the values before the write."""
    x, y = mg.tensor([2.0, 2.0], requires_grad=True), mg.tensor([2.0, 2.0], requires_grad=True)
    result = make(x, y)
    result *= 8
    result.sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), [slope, slope], rtol=1e-6)


def test_the_message_names_both_lines() -> None:
    x = mg.ones(3, requires_grad=True)
    z = x * 2.0
    w = z * z
    z.mul_(2.0)
    with pytest.raises(RuntimeError, match=r"mul: x, needed for its gradient, was modified by an inplace operation at "
                                           r".*test_inplace\.py:\d+ `z\.mul_\(2\.0\)`; the op ran at "
                                           r".*test_inplace\.py:\d+ `w = z \* z`; write into"):
        w.sum().backward()


def test_dtype_of_the_target_wins_or_refuses() -> None:
    i = mg.tensor([1, 2, 3])
    with pytest.raises(RuntimeError, match=r"mul_: result type float32 can't be cast to the desired output type int64"):
        i.mul_(1.5)
    f = mg.ones(3)
    f.mul_(mg.tensor([1.0, 2.0, 3.0], dtype=mg.float64))
    assert f.dtype is mg.float32


def test_version_counts_writes_and_is_shared_by_views() -> None:
    x = mg.zeros(3, 3)
    v = x[0]
    assert (x._version, v._version) == (0, 0)
    v.add_(1.0)
    x[1] = 2.0
    assert x._version == v._version == 2
    assert x.detach()._version == 2
    assert x.data._version == 0

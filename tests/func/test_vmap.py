"""vmap against PyTorch: where samples stand, nested structures, nesting, randomness, writes, and what it refuses."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.func import grad, vmap
from tests.func.torch_side import Side, agree, same_error

rng = np.random.default_rng(0)
X = rng.standard_normal((5, 3, 4)).astype("f4")
Y = rng.standard_normal((5, 4)).astype("f4")


# ---------------------------------------------------------------- where samples stand
@pytest.mark.parametrize(("in_dims", "out_dims"), [(0, 0), (1, 0), (2, 1), (-1, -1), (0, 2), ((0,), (1,))])
def test_dimensions_of_samples(in_dims: Any, out_dims: Any) -> None:
    agree(lambda s: s.func.vmap(lambda x: x.sin() + x.sum(0), in_dims, out_dims)(s.tensor(X)))


def test_arguments_that_all_samples_share() -> None:
    agree(lambda s: s.func.vmap(lambda x, y: x @ y, in_dims=(0, None))(s.tensor(X), s.tensor(Y[0])))
    agree(lambda s: s.func.vmap(lambda x, y: x @ y, in_dims=(None, 0))(s.tensor(X[0]), s.tensor(Y)))


def test_structures_go_in_and_come_out() -> None:
    def program(s: Side) -> Any:
        def f(both: Any, scale: Any) -> Any:
            return {"a": both["x"] * scale, "b": (both["y"], both["x"].sum())}
        return s.func.vmap(f, in_dims=({"x": 0, "y": None}, None), out_dims={"a": 1, "b": (0, 0)})(
            {"x": s.tensor(X), "y": s.tensor(Y)}, 2.0)
    agree(program)


def test_keyword_arguments_are_shared() -> None:
    agree(lambda s: s.func.vmap(lambda x, y: x @ y)(s.tensor(X), y=s.tensor(Y[0])))


def test_a_result_that_is_the_same_for_all_is_repeated() -> None:
    agree(lambda s: s.func.vmap(lambda x: s.tensor([1.0, 2.0]))(s.tensor(Y)))


@pytest.mark.parametrize("chunk_size", [1, 2, 5, 7])
def test_chunks_change_nothing(chunk_size: int) -> None:
    agree(lambda s: s.func.vmap(lambda x, y: (x @ y, y.sum()), out_dims=(1, 0), chunk_size=chunk_size)(s.tensor(X), s.tensor(Y)))


def test_vmaps_nest() -> None:
    agree(lambda s: s.func.vmap(s.func.vmap(lambda x, y: (x * y).sum(), in_dims=(0, None)))(s.tensor(X), s.tensor(Y)))
    agree(lambda s: s.func.vmap(s.func.vmap(lambda a, b: a * b, in_dims=(0, None)), in_dims=(None, 0))(s.tensor(Y[0]), s.tensor(Y[1])))
    agree(lambda s: s.func.vmap(lambda x: s.func.vmap(lambda r: r.softmax(0), in_dims=1, out_dims=1)(x))(s.tensor(X)))


def test_a_number_of_each_sample_does_not_change_the_dtype_of_a_tensor() -> None:
    agree(lambda s: s.func.vmap(lambda x, k: x * k)(s.tensor(Y), s.tensor(np.arange(5.0))))
    agree(lambda s: s.func.vmap(lambda x, k: s.library.maximum(x, k))(s.tensor(Y), s.tensor(np.arange(5.0))))


# ---------------------------------------------------------------- what runs inside
def test_layers() -> None:
    images = rng.standard_normal((4, 2, 3, 8, 8)).astype("f4")
    filters = rng.standard_normal((4, 6, 3, 3, 3)).astype("f4")
    bias = rng.standard_normal((4, 6)).astype("f4")

    def network(s: Side, x: Any, w: Any, b: Any) -> Any:
        y = s.F.max_pool2d(s.F.relu(s.F.conv2d(x, w, b, padding=1)), 2)
        return s.F.layer_norm(s.F.avg_pool2d(y, 2).flatten(1), (24,)).log_softmax(-1)
    for in_dims in [(0, None, None), (0, 0, 0), (None, 0, 0), (None, 0, None), (0, None, 0)]:
        def program(s: Side, in_dims: Any = in_dims) -> Any:
            args = [s.tensor(v) if d == 0 else s.tensor(v[0]) for v, d in zip((images, filters, bias), in_dims, strict=True)]
            return s.func.vmap(lambda x, w, b: network(s, x, w, b), in_dims=in_dims)(*args)
        agree(program, rtol=1e-3)


def test_losses_per_sample() -> None:
    labels = rng.integers(0, 4, 5)
    agree(lambda s: s.func.vmap(lambda x, t: s.F.cross_entropy(x, t))(s.tensor(Y), s.tensor(labels)))
    agree(lambda s: s.func.vmap(lambda x, t: s.F.cross_entropy(x.unsqueeze(0), t.unsqueeze(0)))(s.tensor(Y), s.tensor(labels)))
    agree(lambda s: s.func.vmap(lambda x, t: s.F.nll_loss(x, t, reduction="sum"))(
        s.tensor(X), s.tensor(np.stack([labels[:3]] * 5))))
    agree(lambda s: s.func.vmap(s.F.mse_loss)(s.tensor(Y), s.tensor(Y[::-1].copy())))


def test_an_embedding_of_each_sample() -> None:
    tables, index = rng.standard_normal((5, 7, 2)).astype("f4"), rng.integers(0, 7, (5, 3))
    agree(lambda s: s.func.vmap(s.F.embedding)(s.tensor(index), s.tensor(tables)))
    agree(lambda s: s.func.vmap(s.F.embedding, in_dims=(None, 0))(s.tensor(index[0]), s.tensor(tables)))
    agree(lambda s: s.func.vmap(s.F.embedding, in_dims=(0, None))(s.tensor(index), s.tensor(tables[0])))


def test_attention() -> None:
    q, k, v = [rng.standard_normal((3, 2, 4, 5, 6)).astype("f4") for _ in range(3)]
    agree(lambda s: s.func.vmap(lambda a, b, c: s.F.scaled_dot_product_attention(a, b, c, is_causal=True))(
        s.tensor(q), s.tensor(k), s.tensor(v)), rtol=1e-3)


def test_batch_norm_of_each_sample() -> None:
    x = rng.standard_normal((3, 8, 4)).astype("f4")
    agree(lambda s: s.func.vmap(lambda t: s.F.batch_norm(t, None, None, training=True))(s.tensor(x)), rtol=1e-3)


INDEX = rng.integers(0, 3, (5, 2))


@pytest.mark.parametrize("read", [
    lambda x, i: x[i], lambda x, i: x[:, i], lambda x, i: x[i, i], lambda x, i: x[..., i[0]], lambda x, i: x[i.unsqueeze(0)],
    lambda x, i: x[None, i], lambda x, i: x[i, 1:], lambda x, i: x.gather(1, i.unsqueeze(0)), lambda x, i: x.index_select(0, i),
    lambda x, i: x[0][i], lambda x, i: x.take(i), lambda x, i: x[i[0]]])
def test_positions(read: Any) -> None:
    agree(lambda s: s.func.vmap(read)(s.tensor(X), s.tensor(INDEX)))
    agree(lambda s: s.func.vmap(read, in_dims=(None, 0))(s.tensor(X[0]), s.tensor(INDEX)))
    agree(lambda s: s.func.vmap(read, in_dims=(0, None))(s.tensor(X), s.tensor(INDEX[0])))


def test_two_batched_positions_with_a_slice_between() -> None:
    x = rng.standard_normal((4, 3, 5)).astype("f4")
    i = rng.integers(0, 3, (6, 2))
    agree(lambda s: s.func.vmap(lambda k: s.tensor(x)[k, :, k])(s.tensor(i)))
    agree(lambda s: s.func.vmap(lambda t: t[s.tensor([0, 1]), :, s.tensor([1, 2])])(s.tensor(x[None].repeat(2, 0))))


# ---------------------------------------------------------------- writes
def test_writes_into_a_batched_tensor() -> None:
    def f(x: Any) -> Any:
        y = x.clone()
        y[0] = 1.0
        y[1:, :2] += x[:2, 2:]
        y.mul_(2).t_()
        y[0].zero_()
        return y
    agree(lambda s: s.func.vmap(f)(s.tensor(X)))


def test_a_write_passes_gradients_on() -> None:
    def loss(x: Any) -> Any:
        y = x * 2
        y[0] = x[1] ** 2
        y.exp_()
        return y.sum()
    agree(lambda s: s.func.vmap(s.func.grad(loss))(s.tensor(X)), rtol=1e-3)


def test_samples_do_not_fit_into_one_tensor() -> None:
    same_error(lambda s: s.func.vmap(lambda x: s.library.zeros(4).add_(x))(s.tensor(Y)), r"add_ is not possible: it would write 5 samples")


# ---------------------------------------------------------------- random numbers
def test_random_numbers_are_refused_unless_asked_for() -> None:
    same_error(lambda s: s.func.vmap(lambda x: x + s.library.rand(4))(s.tensor(Y)), "randomness error mode; say whether each")
    same_error(lambda s: s.func.vmap(lambda x: s.F.dropout(x))(s.tensor(Y)), "randomness error mode")
    same_error(lambda s: s.func.vmap(lambda x: x, randomness="maybe")(s.tensor(Y)), "only allowed values for randomness are")


@pytest.mark.parametrize("draw", [lambda x: mg.rand(4), lambda x: mg.rand_like(x), lambda x: mg.nn.functional.dropout(1 + 0 * x),
                                  lambda x: x.clone().uniform_(), lambda x: mg.randint(1000, (4,)),
                                  lambda x: mg.nn.functional.alpha_dropout(1 + 0 * x, training=True)])
def test_random_numbers_differ_or_not(draw: Any) -> None:
    x = mg.zeros(50, 4)
    same = vmap(draw, randomness="same")(x)
    different = vmap(draw, randomness="different")(x)
    assert bool((same == same[0]).all())
    assert not bool((different == different[0]).all())


# ---------------------------------------------------------------- limits
def test_values_are_not_to_be_had() -> None:
    for look in (lambda x: x.sum().item(), lambda x: x if x.sum() > 0 else -x, lambda x: x[:int(x[0])], lambda x: x.numpy(),
                 lambda x: x.tolist(), lambda x: list(range(x[0].long()))):
        with pytest.raises((NotImplementedError, RuntimeError), match=r"vmap: .* asks for the values of a tensor"):
            vmap(look)(mg.tensor(Y))


def test_an_op_without_a_rule_runs_sample_by_sample() -> None:
    agree(lambda s: s.func.vmap(lambda x: s.library.renorm(x, 2, 0, 1.0))(s.tensor(X)))
    assert vmap(lambda x: mg.histc(x, 4, -1, 1))(mg.tensor(Y)).shape == (5, 4)


def test_a_function_of_ones_own_runs_sample_by_sample() -> None:
    class Cube(mg.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, scale: float) -> Any:
            ctx.save_for_backward(x)
            return x ** 3 * scale

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, = ctx.saved_tensors
            return 6 * x ** 2 * g, None
    x = mg.tensor(Y)
    np.testing.assert_allclose(vmap(lambda t: Cube.apply(t, 2.0))(x).numpy(), 2 * Y ** 3, rtol=1e-5)
    np.testing.assert_allclose(vmap(grad(lambda t: Cube.apply(t, 2.0).sum()))(x).numpy(), 6 * Y ** 2, rtol=1e-5)
    np.testing.assert_allclose(vmap(vmap(lambda t: Cube.apply(t, 2.0)))(x).numpy(), 2 * Y ** 3, rtol=1e-5)


def test_a_tensor_that_escapes_is_noticed() -> None:
    kept: list[Any] = []

    def f(x: Any) -> Any:
        kept.append(x)
        return x
    vmap(f)(mg.tensor(Y))
    with pytest.raises(RuntimeError, match="used after that vmap has returned"):
        vmap(lambda x: x + kept[0])(mg.tensor(Y))


def test_backward_inside_is_refused() -> None:
    with pytest.raises(NotImplementedError, match=r"use func\.grad or func\.vjp"):
        vmap(lambda x: x.sum().backward())(mg.tensor(Y, requires_grad=True))
    with pytest.raises(NotImplementedError, match=r"use func\.grad or func\.vjp"):
        vmap(lambda x: mg.autograd.grad(x.sum(), x))(mg.tensor(Y, requires_grad=True))


@pytest.mark.parametrize(("program", "match"), [
    (lambda s: s.func.vmap(lambda x: x, in_dims=3)(s.tensor(Y)), "in_dim=3 for some input, but that input is a Tensor of dimensionality 2"),
    (lambda s: s.func.vmap(lambda x, y: x, in_dims=(0,))(s.tensor(Y), s.tensor(Y)), "in_dims is not compatible with the structure"),
    (lambda s: s.func.vmap(lambda x: x, in_dims=None)(s.tensor(Y)), "expected `in_dims` to be int or a"),
    (lambda s: s.func.vmap(lambda x, y: x)(s.tensor(Y), 2.0), "input is of type float. We cannot vmap over non-Tensor arguments"),
    (lambda s: s.func.vmap(lambda x, y: x)(s.tensor(Y), s.tensor(Y[:2])), "same size in the mapped dimension, got sizes"),
    (lambda s: s.func.vmap(lambda x: 1.0)(s.tensor(Y)), "must only return Tensors, got type"),
    (lambda s: s.func.vmap(lambda x: x, out_dims=(0, 0))(s.tensor(Y)), "out_dims is not compatible with the structure of outputs"),
    (lambda s: s.func.vmap(lambda x: x, out_dims=None)(s.tensor(Y)), "can not return a BatchedTensor when out_dim is None"),
    (lambda s: s.func.vmap(lambda: s.tensor(1.0))(), "at least one"),
    (lambda s: s.func.vmap(lambda x: x, chunk_size=0)(s.tensor(Y)), "chunk_size should be None or greater than 0"),
])
def test_errors(program: Any, match: str) -> None:
    same_error(program, match)


def test_the_graph_outside_is_kept() -> None:
    w = mg.tensor(Y[0], requires_grad=True)
    vmap(lambda x: (x * w).sum())(mg.tensor(Y)).sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), Y.sum(0), rtol=1e-5)
    assert not vmap(grad(lambda x: (x * x).sum()))(mg.tensor(Y)).requires_grad

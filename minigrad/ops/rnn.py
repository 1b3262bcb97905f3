"""One step of a recurrent network: LSTM, GRU and plain cells, each one op.

All operands of a step share the gradient of its pre-activations, so they go in as one sequence with one rule. `needs`
says which of them want a gradient: the others are spared their matrix product.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.inplace import node_of
from ..engine.node import TensorBase
from ..engine.op import op
from ..errors import DtypeError, RefusedArgumentError, ShapeError, operand
from .exponentials import sigmoid, sigmoid_into
from .join import cat
from .linear import linear
from .matmul import matmul
from .operands import need_tensors
from .raw import raw
from .reduce import sum
from .select import masked
from .trigonometry import tanh

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- what the cells share
def affine(x: Any, w: Any, b: Any) -> Any:
    """x @ w.T + b of arrays."""
    return linear.__wrapped__(x, w, b)               # type: ignore[attr-defined]


def affine_of(x: Any, w: Any, b: Any) -> Any:
    """The same of tensors."""
    z = matmul(x, w.swapaxes(0, 1))
    return z if b is None else z + b


def parts(x: Any, count: int) -> list[Any]:
    """(N, count * H) -> count times (N, H)"""
    n = x.shape[1] // count
    return [x[:, k * n:(k + 1) * n] for k in range(count)]


def split_biases(operands: Sequence[Any], start: int, biased: tuple[bool, bool]) -> tuple[Any, Any]:
    """The two biases, None where there is none."""
    rest = list(operands[start:])
    return rest.pop(0) if biased[0] else None, rest[0] if biased[1] else None


def spread_gradients(needs: tuple[bool, ...], biased: tuple[bool, bool], *makers: Callable[[], Any]) -> list[Any]:
    """One gradient per operand, made only where it is needed; the last two makers are those of the biases, perhaps the same."""
    *others, b_ih, b_hh = makers
    wanted = [*others, *([b_ih] if biased[0] else []), *([b_hh] if biased[1] else [])]
    if b_ih is b_hh and all(biased) and all(needs[-2:]):
        found = [make() if need else None for make, need in zip(wanted[:-1], needs)]
        return [*found, found[-1]]
    return [make() if need else None for make, need in zip(wanted, needs, strict=True)]


def loops(x: Any) -> Any:
    """The compiled loops over gates, where they are worth starting; else None."""
    if isinstance(x, TensorBase):
        return None
    kernels = backend_of(x).kernels
    return kernels if x.size >= kernels.worthwhile() else None


def added(b: Any, c: Any) -> Any:
    """The sum of two biases, each of which may be missing."""
    return b if c is None else c if b is None else b + c


def outer(g: Any, x: Any) -> Any:
    """Gradient of x @ w.T for w."""
    return matmul(g.swapaxes(0, 1), x)


# ---------------------------------------------------------------- LSTM
def lstm_gates(operands: Sequence[Any], biased: tuple[bool, bool]) -> Any:
    """The activated gates i, f, g, o side by side, of tensors."""
    x, h, _, w_ih, w_hh, *_ = operands
    b_ih, b_hh = split_biases(operands, 5, biased)
    i, f, g, o = parts(affine_of(x, w_ih, b_ih) + affine_of(h, w_hh, b_hh), 4)
    return cat([sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)], 1)


def lstm_memory(operands: Sequence[Any], a: Any) -> Any:
    """tanh of the new memory, of tensors."""
    i, f, g, _ = parts(a, 4)
    return tanh(f * operands[2] + i * g)


def lstm_rule(grads: tuple[Any, Any], operands: Sequence[Any], a: Any, t: Any, needs: tuple[bool, ...],
              biased: tuple[bool, bool]) -> list[Any]:
    """From the gradients of h' = o * t and c' = f * c + i * g, with t = tanh(c')."""
    x, h, c, w_ih, w_hh, *_ = operands
    gh, gc = grads
    kernels = loops(gh)
    found = kernels.lstm_input(gh, gc, a, t, c) if kernels is not None else None
    if found is not None:
        dz, dc = found
    else:
        i, f, g, o = parts(a, 4)
        dm = gc + gh * o * (1 - t * t)
        dz = cat([dm * g * (i * (1 - i)), dm * c * (f * (1 - f)), dm * i * (1 - g * g), gh * t * (o * (1 - o))], 1)
        dc = dm * f
    db = lambda: sum(dz, 0)  # noqa: E731
    return spread_gradients(needs, biased, lambda: matmul(dz, w_ih), lambda: matmul(dz, w_hh), lambda: dc, lambda: outer(dz, x),
                            lambda: outer(dz, h), db, db)


@op(several=True,
    operands=lambda g, operands, a, t, needs, biased: lstm_rule(g, operands, a, t, needs, biased),
    kept={"a": lambda operands, biased: lstm_gates(operands, biased), "t": lambda operands, a: lstm_memory(operands, a)})
def lstm_step(operands: Sequence[Tensor], needs: tuple[bool, ...], biased: tuple[bool, bool]) -> tuple[Tensor, Tensor]:
    """x (N, I), h, c (N, H), w_ih (4H, I), w_hh (4H, H) and biases (4H,) -> h', c' (N, H)."""
    x, h, c, w_ih, w_hh, *_ = operands
    b_ih, b_hh = split_biases(operands, 5, biased)
    kernels = loops(c)
    if kernels is not None:
        found = kernels.lstm(affine(x, w_ih, None), affine(h, w_hh, None), added(b_ih, b_hh), c)
        if found is not None:
            return found[:2], *found[2:]
    a = affine(x, w_ih, b_ih)
    a += affine(h, w_hh, b_hh)
    xp, n = backend_of(a).xp, h.shape[1]
    g = xp.tanh(a[:, 2 * n:3 * n])
    sigmoid_into(a, a)                               # of all four: one call instead of three
    a[:, 2 * n:3 * n] = g
    i, f, _, o = parts(a, 4)
    memory = f * c
    memory += i * g
    t = xp.tanh(memory)
    return (o * t, memory), a, t                     # type: ignore[return-value]


# ---------------------------------------------------------------- GRU
def gru_gates(operands: Sequence[Any], biased: tuple[bool, bool]) -> Any:
    """The activated gates r, z, n and what the hidden state adds to n, side by side, of tensors."""
    x, h, w_ih, w_hh, *_ = operands
    b_ih, b_hh = split_biases(operands, 4, biased)
    xr, xz, xn = parts(affine_of(x, w_ih, b_ih), 3)
    hr, hz, hn = parts(affine_of(h, w_hh, b_hh), 3)
    r = sigmoid(xr + hr)
    return cat([r, sigmoid(xz + hz), tanh(xn + r * hn), hn], 1)


def gru_rule(g: Any, operands: Sequence[Any], a: Any, needs: tuple[bool, ...], biased: tuple[bool, bool]) -> list[Any]:
    """From the gradient of h' = (1 - z) * n + z * h, with n = tanh(xn + r * hn)."""
    x, h, w_ih, w_hh, *_ = operands
    kernels = loops(g)
    found = kernels.gru_input(g, a, h) if kernels is not None else None
    if found is not None:
        dx, dh, direct = found
    else:
        r, z, n, hn = parts(a, 4)
        dn = g * (1 - z) * (1 - n * n)
        dr, dz = dn * hn * (r * (1 - r)), g * (h - n) * (z * (1 - z))
        dx, dh, direct = cat([dr, dz, dn], 1), cat([dr, dz, dn * r], 1), g * z
    return spread_gradients(needs, biased, lambda: matmul(dx, w_ih), lambda: matmul(dh, w_hh) + direct, lambda: outer(dx, x),
                            lambda: outer(dh, h), lambda: sum(dx, 0), lambda: sum(dh, 0))


@op(operands=lambda g, operands, a, needs, biased: gru_rule(g, operands, a, needs, biased),
    kept={"a": lambda operands, biased: gru_gates(operands, biased)})
def gru_step(operands: Sequence[Tensor], needs: tuple[bool, ...], biased: tuple[bool, bool]) -> Tensor:
    """x (N, I), h (N, H), w_ih (3H, I), w_hh (3H, H) and biases (3H,) -> h' (N, H)."""
    x, h, w_ih, w_hh, *_ = operands
    b_ih, b_hh = split_biases(operands, 4, biased)
    kernels = loops(h)
    found = kernels.gru(affine(x, w_ih, None), affine(h, w_hh, None), b_ih, b_hh, h) if kernels is not None else None
    if found is not None:
        return found
    gates, hidden = affine(x, w_ih, b_ih), affine(h, w_hh, b_hh)
    xp, n = backend_of(gates).xp, h.shape[1]
    a = xp.empty((gates.shape[0], 4 * n), gates.dtype)
    a[:, 3 * n:] = hidden[:, 2 * n:]
    both = gates[:, :2 * n] + hidden[:, :2 * n]
    a[:, :2 * n] = sigmoid_into(both, both)
    r, z, new, hn = parts(a, 4)
    new[...] = xp.tanh(gates[:, 2 * n:] + r * hn)
    return new + z * (h - new), a                    # type: ignore[return-value]


# ---------------------------------------------------------------- plain cells
def plain_rule(d: Any, operands: Sequence[Any], needs: tuple[bool, ...], biased: tuple[bool, bool]) -> list[Any]:
    """From d, the gradient of the pre-activation."""
    x, h, w_ih, w_hh, *_ = operands
    return spread_gradients(needs, biased, lambda: matmul(d, w_ih), lambda: matmul(d, w_hh), lambda: outer(d, x), lambda: outer(d, h),
                            lambda: sum(d, 0), lambda: sum(d, 0))


def pre_activation(operands: Sequence[Any], biased: tuple[bool, bool]) -> Any:
    """x @ w_ih.T + h @ w_hh.T and the biases."""
    x, h, w_ih, w_hh, *_ = operands
    b_ih, b_hh = split_biases(operands, 4, biased)
    z = affine(x, w_ih, b_ih)
    z += affine(h, w_hh, b_hh)
    return z


@op(operands=lambda g, operands, out, needs, biased: plain_rule(g * (1 - out * out), operands, needs, biased))
def rnn_tanh_step(operands: Sequence[Tensor], needs: tuple[bool, ...], biased: tuple[bool, bool]) -> Tensor:
    """x (N, I), h (N, H), w_ih (H, I), w_hh (H, H) and biases (H,) -> h' (N, H)."""
    z = pre_activation(operands, biased)
    return backend_of(z).xp.tanh(z)


@op(operands=lambda g, operands, out, needs, biased: plain_rule(masked(g, raw(out) > 0), operands, needs, biased))
def rnn_relu_step(operands: Sequence[Tensor], needs: tuple[bool, ...], biased: tuple[bool, bool]) -> Tensor:
    """x (N, I), h (N, H), w_ih (H, I), w_hh (H, H) and biases (H,) -> h' (N, H)."""
    z = pre_activation(operands, biased)
    return backend_of(z).xp.maximum(z, 0)


# ---------------------------------------------------------------- what users call
def step(name: str, gates: int, op: Callable[..., Any], input: Tensor, hidden: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor,
         b_ih: Tensor | None, b_hh: Tensor | None) -> Any:
    """Check the operands of a cell and run its op."""
    biases = [b for b in (b_ih, b_hh) if b is not None]
    operands = [input, *hidden, w_ih, w_hh, *biases]
    try:
        arrays = [t.array for t in operands]
    except AttributeError:
        need_tensors(name, input=input, hx=hidden[0], w_ih=w_ih, w_hh=w_hh)
        raise
    x, h, w, u = arrays[0], arrays[1], w_ih.array, w_hh.array
    if not (x.ndim == h.ndim == w.ndim == u.ndim == 2 and h.shape == (x.shape[0], u.shape[1])
            and w.shape == (gates * h.shape[1], x.shape[1]) and u.shape[0] == w.shape[0]):
        raise ShapeError(misfit(name, gates, x, h, w, u))
    if any(s.shape != h.shape for s in arrays[1:1 + len(hidden)]):
        raise ShapeError(f"{name}: hidden1 has inconsistent hidden_size: expected {list(h.shape)}; got {operand(hidden[1])}")
    if any(b.array.shape != (w.shape[0],) for b in biases):
        raise ShapeError(f"{name}: biases must be of size ({w.shape[0]},) to match the rows of w_ih; got {', '.join(map(operand, biases))}")
    if any(a.dtype != x.dtype for a in arrays):
        raise DtypeError(f"{name}: expected all operands to have the same dtype; got {', '.join(map(operand, operands))}")
    needs = tuple([node_of(t) is not None for t in operands])
    return op(operands, needs, (b_ih is not None, b_hh is not None))


def misfit(name: str, gates: int, x: Any, h: Any, w: Any, u: Any) -> str:
    """Which sizes of a cell's operands do not fit, in PyTorch's words."""
    got = f"got input {operand(x)}, hx {operand(h)}, w_ih {operand(w)}, w_hh {operand(u)}"
    if not x.ndim == h.ndim == w.ndim == u.ndim == 2:
        rule = "all must be matrices: input (N, I), hx (N, H); unsqueeze(0) for a single sample"
    elif x.shape[0] != h.shape[0]:
        rule = f"Input batch size {x.shape[0]} doesn't match hidden0 batch size {h.shape[0]}"
    elif x.shape[1] != w.shape[1]:
        rule = f"input has inconsistent input_size: got {x.shape[1]} expected {w.shape[1]}"
    elif h.shape[1] != u.shape[1]:
        rule = f"hidden0 has inconsistent hidden_size: got {h.shape[1]}, expected {u.shape[1]}"
    else:
        which, rows = ("weight_ih", w.shape[0]) if w.shape[0] != gates * h.shape[1] else ("weight_hh", u.shape[0])
        rule = f"{which} first dim must be {gates} * hidden_size = {gates * h.shape[1]}, but got {rows}"
    return f"{name}: {rule}; {got}"


def lstm_cell(input: Tensor, hx: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
              b_hh: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """One step of a long short-term memory: input (N, I) and hx = (h, c), both (N, H) -> (h', c').

    w_ih (4H, I), w_hh (4H, H), biases (4H,): the input, forget, memory and output gates, in this order.
    i, f, o = sigmoid, g = tanh of x @ w_ih.T + b_ih + h @ w_hh.T + b_hh; c' = f * c + i * g; h' = o * tanh(c').
    Raises ShapeError where sizes do not fit. Source: Hochreiter and Schmidhuber 1997, with forget gates.
    """
    if len(hx) != 2:
        raise RefusedArgumentError(f"lstm_cell: lstm_cell expects two hidden states; got {len(hx)}")
    return step("lstm_cell", 4, lstm_step, input, hx, w_ih, w_hh, b_ih, b_hh)


def gru_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None) -> Tensor:
    """One step of a gated recurrent unit: input (N, I), hx (N, H) -> (N, H).

    w_ih (3H, I), w_hh (3H, H), biases (3H,): the reset, update and new gates, in this order.
    n = tanh(xn + r * hn), with the bias of hn inside the product; h' = (1 - z) * n + z * h.
    Raises ShapeError where sizes do not fit. Source: Cho et al. 2014.
    """
    return step("gru_cell", 3, gru_step, input, (hx,), w_ih, w_hh, b_ih, b_hh)


def rnn_tanh_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None) -> Tensor:
    """tanh(input @ w_ih.T + b_ih + hx @ w_hh.T + b_hh): input (N, I), hx (N, H) -> (N, H)."""
    return step("rnn_tanh_cell", 1, rnn_tanh_step, input, (hx,), w_ih, w_hh, b_ih, b_hh)


def rnn_relu_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None) -> Tensor:
    """max(0, input @ w_ih.T + b_ih + hx @ w_hh.T + b_hh): input (N, I), hx (N, H) -> (N, H)."""
    return step("rnn_relu_cell", 1, rnn_relu_step, input, (hx,), w_ih, w_hh, b_ih, b_hh)

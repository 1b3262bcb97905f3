"""L-BFGS."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backend import backend_of
from ..engine.inplace import wrote
from ..engine.mode import enable_grad
from ..engine.node import TensorBase, wrap
from ..errors import ArgumentError, AssertedArgumentError, GraphError
from .group import non_negative
from .line_search import Point, strong_wolfe
from .optimizer import Optimizer

Array = Any
Closure = Callable[[], Any]


class LBFGS(Optimizer):
    """Steps along an estimate of Newton's direction, made from the last changes of parameters and gradient. Liu and Nocedal, 1989.

    One step makes up to max_iter iterations, and calls the closure, which computes loss and gradients anew, up to about max_eval times,
    5/4 of max_iter by default. All parameters are one long vector: there can be one group only. A complex one is two reals.
    lr: the length of a step, in units of the direction. tolerance_grad, tolerance_change: what ends a step, the largest gradient and
    the change of loss or parameters. history_size: how many changes are kept. line_search_fn: None or "strong_wolfe".

    >>> import minigrad
    >>> p = minigrad.nn.Parameter(minigrad.tensor([3.0, -2.0]))
    >>> optimizer = LBFGS([p], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((p - 1) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure).item()
    13.0
    >>> p.data.allclose(minigrad.ones(2))
    True
    """

    def __init__(self, params: Any, lr: float = 1, max_iter: int = 20, max_eval: int | None = None, tolerance_grad: float = 1e-7,
                 tolerance_change: float = 1e-9, history_size: int = 100, line_search_fn: str | None = None) -> None:
        non_negative("learning rate", lr)
        max_eval = max_iter * 5 // 4 if max_eval is None else max_eval
        super().__init__(params, {"lr": lr, "max_iter": max_iter, "max_eval": max_eval, "tolerance_grad": tolerance_grad,
                                  "tolerance_change": tolerance_change, "history_size": history_size, "line_search_fn": line_search_fn})
        if len(self.param_groups) != 1:
            raise ArgumentError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Any]:
        return self.param_groups[0]["params"]

    def step(self, closure: Closure) -> Any:
        """Make up to max_iter iterations. closure: clears the gradients, computes the loss, calls backward, returns the loss.

        Returns the loss before the step.
        """
        if len(self.param_groups) != 1:
            raise AssertedArgumentError(f"Expected exactly one param_group, but got {len(self.param_groups)}")
        group, state = self.param_groups[0], self.state[self._params[0]]
        lr, change, search = float(group["lr"]), group["tolerance_change"], group["line_search_fn"]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        first_loss, loss, g = self._evaluate(closure)
        state["func_evals"] += 1
        if largest(g) <= group["tolerance_grad"]:
            return first_loss
        calls = 1
        d = state["d"].array if "d" in state else None
        t = float(state.get("t", 0))
        for i in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            begins = state["n_iter"] == 1
            d = self._first(state, g) if begins else self._direction(state, g, d, t, group["history_size"])
            state.update(d=wrap(d), prev_flat_grad=wrap(g), prev_loss=loss)
            t = min(1.0, 1.0 / float(abs(g).sum())) * lr if begins else lr
            slope = float(g.dot(d))
            if slope > -change:
                break
            before = loss
            if search is not None:
                if search != "strong_wolfe":
                    raise GraphError(f"LBFGS: only 'strong_wolfe' is supported as line_search_fn; got {search!r}; or None, for steps of lr")
                start = [p.array.copy() for p in self._params]
                found, evaluated = strong_wolfe(lambda size, start=start, d=d: self._probe(closure, start, size, d),    # type: ignore[misc]
                                                Point(0.0, loss, g, slope), t, largest(d), 1e-9, group["max_eval"] - calls)
                t, loss, g = found.t, found.loss, found.gradient
                self._move(t, d)
            else:
                self._move(t, d)
                evaluated = int(i < group["max_iter"])           # after the last step, nobody would look at the loss
                if evaluated:
                    _, loss, g = self._evaluate(closure)
            calls += evaluated
            state["func_evals"] += evaluated
            if calls >= group["max_eval"] or largest(g) <= group["tolerance_grad"] or largest(d) * abs(t) <= change \
                    or abs(loss - before) < change:
                break
        state["t"] = t
        return first_loss

    # ------------------------------------------------------------ the direction
    def _first(self, state: dict[str, Any], g: Array) -> Array:
        state.update(d=None, t=0.0, old_dirs=[], old_stps=[], ro=[], H_diag=1)
        return -g

    def _direction(self, state: dict[str, Any], g: Array, d: Array, t: float, most: int) -> Array:
        """The inverse Hessian's estimate times -g, by the two loops over the history. Updates the history first.

        old_dirs and old_stps: changes y of the gradient and s of the parameters. ro: 1 / (y · s).
        """
        ys, ss, ro = state["old_dirs"], state["old_stps"], state["ro"]
        asarray = backend_of(g).xp.asarray
        y, s = g - state["prev_flat_grad"].array, d * t
        fit = y.dot(s)
        if fit > 1e-10:
            if len(ys) == most:
                for history in (ys, ss, ro):
                    history.pop(0)
            ys.append(wrap(y))
            ss.append(wrap(s))
            ro.append(wrap(asarray(1 / fit)))
            state["H_diag"] = wrap(asarray(fit / y.dot(y)))
        al = state.setdefault("al", [None] * most)
        q = -g
        for i in range(len(ys) - 1, -1, -1):
            a = ss[i].array.dot(q) * ro[i].array
            al[i] = wrap(asarray(a))
            q -= a * ys[i].array
        scale = state["H_diag"]
        q = q * (scale.array if isinstance(scale, TensorBase) else scale)
        for i in range(len(ys)):
            b = ys[i].array.dot(q) * ro[i].array
            q += (al[i].array - b) * ss[i].array
        return q

    # ------------------------------------------------------------ all parameters as one vector
    def _evaluate(self, closure: Closure) -> tuple[Any, float, Array]:
        """What the closure returns, as it is and as a number, and the gradient."""
        with enable_grad():
            loss = closure()
        return loss, float(loss.array if isinstance(loss, TensorBase) else loss), self._flat_gradient()

    def _probe(self, closure: Closure, start: list[Array], t: float, d: Array) -> Point:
        """The point of step size t; the parameters stay where they are."""
        self._move(t, d)
        _, loss, g = self._evaluate(closure)
        for p, values in zip(self._params, start):
            p.array[...] = values
        wrote(*[p.cell for p in self._params])
        return Point(t, loss, g, float(g.dot(d)))

    def _move(self, t: float, d: Array) -> None:
        """Add t * d to the parameters."""
        offset = 0
        for p in self._params:
            pair = p.array.dtype.kind == "c"
            part = d[offset:offset + p.array.size * (2 if pair else 1)] * t
            offset += part.size
            part = part[::2] + 1j * part[1::2] if pair else part
            p.array[...] += part.reshape(p.array.shape)
        wrote(*[p.cell for p in self._params])

    def _flat_gradient(self) -> Array:
        """A new vector."""
        parts = []
        xp = backend_of(self._params[0].array).xp
        for p in self._params:
            g = xp.zeros(p.array.shape, p.array.dtype) if p._grad is None else p._grad.array
            parts.append((xp.stack((g.real, g.imag), -1) if g.dtype.kind == "c" else g).reshape(-1))
        return xp.concatenate(parts)


def largest(x: Array) -> float:
    """The largest absolute element."""
    return float(abs(x).max())

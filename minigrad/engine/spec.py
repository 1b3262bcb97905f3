"""What is known of an op: its parameters, its rules, and what a node must keep for them.

Names become positions here, at registration, so a name that is nothing known is an error at import, and what no
rule names is not kept alive.
"""
from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from operator import itemgetter
from typing import Any

import numpy as np

from ..errors import ArgumentTypeError, OutOfRangeError, ShapeError, UnsupportedDtypeError, describe

Rule = Callable[..., Any]
Puller = Callable[[Any, tuple[Any, ...]], Any]

# What rules call the parameters that users know by PyTorch's names.
SHORT = {"input": "x", "other": "y", "weight": "w", "bias": "b", "target": "t"}
ALIASES = {"axis": "dim", "keepdims": "keepdim"}     # NumPy's spellings, which PyTorch takes too
SCALES = ("beta", "alpha", "value")                  # factors of the operands, in the order of PyTorch's older spelling
EMPTY = inspect.Parameter.empty


class Op:
    """What one registration knows of an op.

    name: of the function. forward: on arrays. names, defaults: of its parameters, as users see them.
    inputs: positions of the parameters with a rule; `node.parents` and `pulls` are in this order.
    tensors: positions of all parameters annotated as tensors, with or without a rule. sequences: those that take several.
    slots: what a node may keep, as (kind, position); users[k]: the inputs whose rules name slot k.
    pulls: per input, `pull(g, saved)` -> gradient. together: None, or `pull(g, saved)` -> the gradients of all inputs, or None.
    """

    def __init__(self, forward: Callable[..., Any], rules: dict[str, Rule], *, broadcast: bool, view: bool, several: bool,
                 promotes: str | None, kept: tuple[str, ...] | dict[str, Rule], returns: Callable[..., Any] | None,
                 together: Rule | None = None) -> None:
        self.name = forward.__name__
        self.node_name = f"{''.join(part.capitalize() for part in self.name.split('_'))}Backward0"
        self.forward = forward
        self.fills = True                            # of several outputs, those that nobody used get zeros as gradient
        self.broadcast, self.view, self.several, self.promotes, self.returns = broadcast, view, several, promotes, returns
        parameters = list(inspect.signature(forward).parameters.values())
        self.names = [p.name for p in parameters]
        self.defaults = tuple(p.default for p in parameters)
        self.required = sum(p.default is EMPTY for p in parameters)
        self.positional = sum(p.kind is not inspect.Parameter.KEYWORD_ONLY for p in parameters)
        annotations = [str(p.annotation) for p in parameters]
        self.tensors = [i for i, a in enumerate(annotations) if "Tensor" in a]
        self.sequences = frozenset(i for i, a in enumerate(annotations) if a.startswith("Sequence[Tensor"))
        self.takes_number = frozenset(i for i, a in enumerate(annotations) if "Number" in a)
        self.takes_none = frozenset(i for i, a in enumerate(annotations) if "None" in a)
        self.short = [SHORT.get(n, n) for n in self.names]
        unknown = [n for n in rules if n not in self.short]
        if unknown:
            raise TypeError(f"{self.name}: a rule for {unknown[0]!r}, which is no parameter; they are {', '.join(self.short)}")
        self.inputs = [self.short.index(n) for n in rules]
        self.promoted = self.inputs or self.tensors
        self.kept = tuple(kept)
        self.remake = dict(kept) if isinstance(kept, dict) else {}
        simple = not (view or several or kept or returns or self.sequences)
        plain = not any(n.endswith(("_shape", "_dtype")) for rule in rules.values() for n in names_of(rule))
        self.is_binary = simple and plain and self.tensors == [0, 1] and self.positional == 2 and self.inputs in ([], [0, 1])
        self.is_unary = simple and len(self.names) == 1 and self.tensors == [0]
        self.is_one_input = self.tensors == [0] and not (several or self.sequences)
        self._name_slots(rules, together)
        self.keeps_first, self.keeps_out = ("input", 0) in self.slots, ("out", 0) in self.slots
        self.is_ternary = (simple and len(self.names) == 3 and self.tensors == self.inputs == [0, 1, 2] and promotes == "same"
                           and self.defaults[2] is None and all(kind == "input" for kind, _ in self.slots))
        self.check: Callable[..., None] | None = None     # what PyTorch refuses before promotion (`op.py`)
        self.casts_out = True                        # `out=` may have another dtype than the result
        self.direct: Callable[..., Any] | None = None     # the form that writes into its first input (`op.py: direct`)
        self.call: Callable[..., Any]                # what users call (`call.py`)
        self.calls: dict[tuple[int, ...], Callable[[tuple[Any, ...]], tuple[Any, ...]]] = {}

    def _name_slots(self, rules: dict[str, Rule], together: Rule | None) -> None:
        """Turn the names that rules ask for into slots, and rules into pullers over them."""
        asked = [[p for p in names_of(rule) if p != "g"] for rule in rules.values()]
        wanted = list(dict.fromkeys(n for names in asked for n in names))
        if self.is_binary:                           # always the same slots: no look-up in its call path
            wanted = list(dict.fromkeys([*self.short[:2], "out", *wanted]))
        users = {n: frozenset(i for i, names in zip(self.inputs, asked) if n in names) for n in wanted}
        for name, remake in self.remake.items():     # what a value is made from again must be kept with it
            for p in names_of(remake):
                if p not in wanted:
                    wanted.append(p)
                users[p] = users.get(p, frozenset()) | users.get(name, frozenset())
        self.slot_names = wanted
        self.slots = [self._source(n) for n in wanted]
        self.users = [users[n] for n in wanted]
        self.pulls = [puller(rule, [wanted.index(n) for n in names]) for rule, names in zip(rules.values(), asked)]
        self.together: Puller | None = None
        if together is not None:                     # where it is asked, all that any rule names has been kept
            names = [p for p in names_of(together) if p != "g"]
            unknown = [n for n in names if n not in wanted]
            if unknown:
                raise TypeError(f"{self.name}: `together` asks for {unknown[0]!r}, which no rule asks for")
            self.together = puller(together, [wanted.index(n) for n in names])

    def pulls_together(self) -> list[Puller]:
        """The pulls of one node: the first to be called makes all gradients, and each hands out its own."""
        assert self.together is not None
        together, rest = self.together, dict[int, Any]()

        def turn(i: int) -> Puller:
            def pull(g: Any, saved: tuple[Any, ...]) -> Any:
                if i == 0:
                    rest.update(enumerate(together(g, saved) or ()))
                return rest.pop(i) if i in rest else self.pulls[i](g, saved)
            return pull
        return [turn(i) for i in range(len(self.pulls))]

    def ask_first(self, name: str, least: int, loop: Rule) -> None:
        """Let a loop compute one input's gradient where g is large; its rule does what the loop leaves."""
        k = self.inputs.index(self.short.index(name))
        self.pulls[k] = large_puller(self.pulls[k], least, loop)

    def _source(self, name: str) -> tuple[str, int]:
        """Where a value that a rule names comes from."""
        if name == "out":
            return "out", 0
        if name in self.short:
            i = self.short.index(name)
            return ("input" if i in self.inputs else "option"), i
        if name in self.kept:
            return "kept", self.kept.index(name)
        for suffix in ("_shape", "_dtype"):
            if name.endswith(suffix) and name[:-6] in self.short:
                return suffix[1:], self.short.index(name[:-6])
        raise TypeError(f"{self.name}: a rule asks for {name!r}; it may ask for g, out, "
                        f"{', '.join([*self.short, *self.kept])}, <input>_shape or <input>_dtype")

    def keep(self, live: tuple[int, ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
        """`keep(values)` -> saved, for one set of inputs that need a gradient. values: arguments, their shapes, their
        dtypes, out, kept values, None. A slot without a live user becomes None."""
        found = self.calls.get(live)
        if found is None:
            n = len(self.names)
            start = {"input": 0, "option": 0, "shape": n, "dtype": 2 * n, "out": 3 * n, "kept": 3 * n + 1}
            at = [start[kind] + i if users.intersection(live) else -1 for (kind, i), users in zip(self.slots, self.users)]
            found = self.calls[live] = getter(at)
        return found

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """Arguments as one list in the order of the signature, defaults filled in."""
        if len(args) > self.positional:
            args, kwargs = self._scales_by_name(args, kwargs)
        values = [*args, *self.defaults[len(args):]]
        for name, value in kwargs.items():
            name = name if name in self.names else ALIASES.get(name, name)
            if name not in self.names:
                raise ArgumentTypeError(f"{self.name}: got an unexpected keyword argument {name!r}; it takes {', '.join(self.names)}")
            i = self.names.index(name)
            if i < len(args):
                raise ArgumentTypeError(f"{self.name}: got argument {name!r} twice")
            values[i] = value
        for name, value in zip(self.names, values):
            if value is EMPTY:
                raise ArgumentTypeError(f"{self.name}: missing argument {name!r}; it takes {', '.join(self.names)}")
        return values

    def _scales_by_name(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What is meant by PyTorch's older spelling with factors between the tensors: `x.addcmul_(0.1, y, y)`, `add(x, 2, y)`."""
        scales = [name for name in SCALES if name in self.names[self.positional:]]
        operands = tuple([a for a in args if hasattr(a, "dtype")])
        factors = [a for a in args if isinstance(a, (int, float, complex))]
        if (not kwargs.keys().isdisjoint(scales) or len(operands) != self.positional or not 0 < len(factors) <= len(scales)
                or len(operands) + len(factors) != len(args) or not hasattr(args[-1], "dtype")):
            raise ArgumentTypeError(f"{self.name}: takes {self.positional} positional arguments ({', '.join(self.names)}); got {len(args)}")
        now = ", ".join([*self.names[1:self.positional], *[f"{name}={value}" for name, value in zip(scales, factors)]])
        warnings.warn(f"{self.name}: numbers before tensors are PyTorch's old spelling, and deprecated; write {self.name}({now})",
                      stacklevel=6)
        return operands, {**kwargs, **dict(zip(scales, factors))}

    def refuse(self, value: Any, i: int) -> ArgumentTypeError:
        """The error for an argument that should have been a tensor."""
        got = describe(value)
        remedy = "minigrad.tensor(...)" if isinstance(value, (int, float, list, tuple)) else "minigrad.from_numpy(...) or .tensor(...)"
        return ArgumentTypeError(f"{self.name}: {self.names[i]} must be a Tensor; got {got}; make one with {remedy}")

    def explain(self, error: Exception, values: Any) -> Exception:
        """An exception of the array library in our words: op, rule, what came."""
        got = ", ".join(f"{self.short[i]} {describe(values[i]).removeprefix('ndarray ')}" for i in self.tensors if i < len(values))
        if self.broadcast and isinstance(error, ValueError):
            return ShapeError(f"{self.name}: {clash([values[i] for i in self.promoted])}; got {got}")
        if isinstance(error, IndexError):
            return OutOfRangeError(f"{self.name}: {error}; got {got}")
        if isinstance(error, ValueError):
            return ShapeError(f"{self.name}: {error}; got {got}")
        if isinstance(error, TypeError) and "ufunc" in str(error):
            return UnsupportedDtypeError(f"{self.name}: not implemented for {' and '.join(self._dtypes(values))}; got {got}")
        if isinstance(error, TypeError):
            return ArgumentTypeError(f"{self.name}: {error}; got {got}")
        return error

    def _dtypes(self, values: Any) -> list[str]:
        return list(dict.fromkeys([str(values[i].dtype) for i in self.tensors if hasattr(values[i], "dtype")]))

    def __repr__(self) -> str:
        return f"<op {self.name}({', '.join(self.names)})>"


def names_of(rule: Rule) -> tuple[str, ...]:
    """The names of a rule's parameters, read from its code: `import minigrad` would spend a fifth of its time on signatures."""
    function = inspect.unwrap(rule)
    if not inspect.isfunction(function):
        return tuple(inspect.signature(rule).parameters)
    code = function.__code__
    return code.co_varnames[:code.co_argcount + code.co_kwonlyargcount]


def puller(rule: Rule, at: list[int]) -> Puller:
    """rule(g, *the saved values it names), with the positions fixed now: 45 ns where a star call takes 120."""
    if not at:
        return lambda g, saved: rule(g)
    if len(at) == 1:
        i, = at
        return lambda g, saved: rule(g, saved[i])
    if len(at) == 2:
        i, j = at
        return lambda g, saved: rule(g, saved[i], saved[j])
    if len(at) == 3:
        i, j, k = at
        return lambda g, saved: rule(g, saved[i], saved[j], saved[k])
    if len(at) == 4:
        i, j, k, m = at
        return lambda g, saved: rule(g, saved[i], saved[j], saved[k], saved[m])
    if len(at) == 5:                                 # sum and its kind: (x_shape, dim, keepdim, dtype, x_dtype)
        i, j, k, m, n = at
        return lambda g, saved: rule(g, saved[i], saved[j], saved[k], saved[m], saved[n])
    return lambda g, saved: rule(g, *[saved[i] for i in at])


def large_puller(pull: Puller, least: int, loop: Rule) -> Puller:
    """The puller of a rule with one saved value, that asks a loop first where g has at least so many bytes."""
    known = inspect.getclosurevars(pull).nonlocals
    rule, i = known["rule"], known["i"]

    def ask(g: Any, saved: tuple[Any, ...]) -> Any:
        if g.nbytes >= least and (done := loop(g, saved[i])) is not None:
            return done
        return rule(g, saved[i])
    return ask


def getter(at: list[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """A function from a tuple of values to the tuple of those at some positions."""
    if len(at) > 1:
        return itemgetter(*at)
    if not at:
        return lambda values: ()
    i, = at
    return lambda values: (values[i],)


def clash(operands: list[Any]) -> str:
    """Which sizes do not broadcast, in PyTorch's words."""
    shapes = [tuple(getattr(v, "shape", ())) for v in operands]
    for i, a in enumerate(shapes):
        for b in shapes[i + 1:]:
            for d in range(1, min(len(a), len(b)) + 1):
                if a[-d] != b[-d] and 1 not in (a[-d], b[-d]):
                    return (f"the size of tensor a ({a[-d]}) must match the size of tensor b ({b[-d]}) at non-singleton "
                            f"dimension {max(len(a), len(b)) - d}")
    return (f"output with shape {list(shapes[0])} doesn't match the broadcast shape {list(np.broadcast_shapes(*shapes))}; "
            "use the out-of-place op")

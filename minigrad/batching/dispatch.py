"""How an op on batched tensors runs: by its batching rule, or sample by sample."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine import inplace
from ..engine.inplace import fits_into, node_of
from ..engine.mode import local
from ..engine.node import TensorBase, wrap
from ..engine.op import OPS
from ..engine.spec import Op
from ..errors import DtypeError, InplaceError, ShapeError, UnsupportedError, describe
from ..ops.dims import one_dim
from ..ops.join import stack, unbind
from ..ops.overwrite import copy
from ..ops.shape import expand
from .level import Batched, Level, Logical, check_open, lift, spread

Rule = Callable[["Call"], Any]
RULES: dict[str, Rule] = {}                          # name of an op -> its batching rule


def batches(*names: str) -> Callable[[Rule], Rule]:
    """Declare the batching rule of some ops: `names`, each of several words."""
    def register(rule: Rule) -> Rule:
        for name in " ".join(names).split():
            if name in RULES:
                raise TypeError(f"{name}: has a batching rule already, {RULES[name].__name__}")
            RULES[name] = rule
        return rule
    return register


# ---------------------------------------------------------------- one op at one level
class Call:
    """What a batching rule gets: an op's arguments at one level.

    `c["dim"]` is an argument, by the name that users know it by. `c(input=x, dim=1)` runs the op on the level below, with
    these arguments in place of the ones that came. A rule returns tensors that hold all samples along dimension 0.
    """
    __slots__ = ("op", "plain", "level", "values")

    def __init__(self, op: Op, plain: Callable[..., Any], level: Level, values: dict[str, Any]) -> None:
        self.op, self.plain, self.level, self.values = op, plain, level, values

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def __call__(self, **changed: Any) -> Any:
        values = [changed.get(name, value) for name, value in self.values.items()]
        n = self.op.positional
        return watch(self.op, self.plain, tuple(values[:n]), dict(zip(self.op.names[n:], values[n:])))

    @property
    def first(self) -> str:
        """The name of the first tensor."""
        return self.op.names[self.op.tensors[0]]

    def holds(self, value: Any) -> bool:
        """True for a tensor, or the array of one, that is batched at this level."""
        value = value.tensor if isinstance(value, Logical) else value
        return isinstance(value, Batched) and value.level is self.level

    def whole(self, value: Any) -> Any:
        """All samples, along dimension 0; of what is not batched here, the value itself. Arrays come back as arrays."""
        if not self.holds(value):
            return value
        return value.tensor.value.array if isinstance(value, Logical) else value.value

    def front(self, value: Any) -> Any:
        """All samples, along dimension 0; what is not batched here is repeated, without a copy."""
        if self.holds(value):
            return self.whole(value)
        if isinstance(value, TensorBase):
            return expand(value, (self.level.size, *value.shape))        # type: ignore[arg-type, attr-defined]
        return expand(tensor_of(value), (self.level.size, *value.shape)).array

    def padded(self, value: Any, ndim: int) -> Any:
        """All samples, each with leading ones up to `ndim` dimensions; what is not batched here as it is."""
        if not self.holds(value):
            return value
        x = self.whole(value)
        missing = ndim - (x.ndim - 1)
        return x if missing <= 0 else x.reshape((x.shape[0], *[1] * missing, *x.shape[1:]))

    def dim(self, name: str = "dim", ndim: int | None = None) -> int:
        """A dimension of one sample as one of all samples."""
        return one_dim(self.op.name, self[name], self[self.first].ndim if ndim is None else ndim) + 1


def tensor_of(array: Any) -> Any:
    """An array, or what stands in for one, as a tensor."""
    return array.tensor.detach() if isinstance(array, Logical) else wrap(array)


# ---------------------------------------------------------------- every op passes here
def watch(op: Op, plain: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an op while a vmap is running."""
    args = tuple([known(a) for a in args])
    kwargs = {name: known(a) for name, a in kwargs.items()}
    level = None
    for a in (*args, *kwargs.values()):
        level = deepest(a, level)
    if level is None:
        outer = local.mode.batch.watch if local.mode.batch is not None else None
        return plain(*args, **kwargs) if outer is None else outer(op, plain, args, kwargs)
    check_open(level)
    if kwargs.get("out") is not None:
        raise UnsupportedError(f"vmap: {op.name} with out= is not supported; use what it returns")
    kwargs.pop("out", None)
    call = Call(op, plain, level, dict(zip(op.names, op.bind(args, kwargs))))
    return lift(RULES.get(op.name, sample_by_sample)(call), level)


def known(value: Any) -> Any:
    """A tensor over the array of a batched one, as code makes it to leave the graph, as batched itself."""
    if isinstance(value, TensorBase) and not isinstance(value, Batched):
        array = value.array
        if isinstance(array, Logical):
            return array.tensor if value.node is not None else array.tensor.detach()
    elif type(value) in (list, tuple):
        return type(value)([known(v) for v in value])
    return value


def deepest(value: Any, level: Level | None) -> Level | None:
    """The innermost level that something in a value is batched at."""
    if isinstance(value, Logical):
        value = value.tensor
    if isinstance(value, Batched):
        return value.level if level is None or value.level.depth > level.depth else level
    if type(value) in (list, tuple):
        for v in value:
            level = deepest(v, level)
    return level


# ---------------------------------------------------------------- without a rule
def sample_by_sample(c: Call) -> Any:
    """The op on each sample, and the results stacked: right for every op whose results have one shape."""
    if not c.level.size:
        raise UnsupportedError(f"vmap: {c.op.name} runs sample by sample, and there are none to learn the shape of the result from")
    columns = {name: samples(c.level, value) for name, value in c.values.items()}
    rows = [c(**{name: column[i] for name, column in columns.items()}) for i in range(c.level.size)]
    return joined(c.op.name, rows)


def function_by_sample(function: Callable[..., Any], name: str, args: tuple[Any, ...]) -> Any:
    """A function that is no op, an `autograd.Function`, in the same way; None where no argument is batched."""
    args = tuple([known(a) for a in args])
    level = deepest(args, None)
    if level is None:
        return None
    check_open(level)
    columns = [samples(level, value) for value in args]
    rows = [function(*[column[i] for column in columns]) for i in range(level.size)]
    return lift(joined(name, rows), level)


def samples(level: Level, value: Any) -> list[Any]:
    """An argument for each sample."""
    owner = value.tensor if isinstance(value, Logical) else value
    if isinstance(owner, Batched) and owner.level is level:
        each: Any = unbind(value.tensor.value if isinstance(value, Logical) else value.value, 0)
        return [t.array for t in each] if isinstance(value, Logical) else list(each)
    if type(value) in (list, tuple) and deepest(value, None) is not None:
        columns = [samples(level, v) for v in value]
        return [type(value)([column[i] for column in columns]) for i in range(level.size)]
    return [value] * level.size


def joined(name: str, rows: list[Any]) -> Any:
    """One result per sample as one result of all."""
    first = rows[0]
    if isinstance(first, (tuple, list)):
        parts = [joined(name, [row[i] for row in rows]) for i in range(len(first))]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    if not isinstance(first, TensorBase):
        return first
    shapes = {tuple(row.shape) for row in rows}
    if len(shapes) > 1:
        raise UnsupportedError(f"vmap: the shape of what {name} returns depends on the values of its input, so samples do not stack: got "
                               f"{', '.join(str(list(s)) for s in sorted(shapes)[:3])}; use a mask and where() instead")
    return stack(rows, 0)


# ---------------------------------------------------------------- writes
def write_batched(x: Any, op: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """The in-place form of an op where batched tensors take part: the result is written into what x holds."""
    given = [known(a) for a in (x, *args, *kwargs.values())]
    target = given[0]
    level = None
    for a in given:
        level = deepest(a, level)
    if level is None:
        return False
    name = f"{op.__name__}_"
    if not isinstance(target, Batched) or target.level.depth < level.depth:
        raise InplaceError(f"vmap: {name} is not possible: it would write {level.size} samples into the memory of one tensor, "
                           f"{describe(x)}, which is not batched; use the out-of-place op")
    spec = getattr(op, "op", None)
    if node_of(target) is not None and (spec is None or spec.keeps_first):
        target_before = target.clone()               # the gradient needs the old value, which is about to go
    else:
        target_before = target
    result = op(target_before, *args, **kwargs)
    if result.shape != target.shape:
        raise ShapeError(f"{name}: the result has shape {tuple(result.shape)}, which does not fit into x, {describe(x)}, and x is never "
                         "resized; use the out-of-place op")
    if not fits_into(result.array.dtype, target.array.dtype):
        raise DtypeError(f"{name}: result type {result.array.dtype} can't be cast to the desired output type {target.array.dtype} of x; "
                         "use the out-of-place op, or x.to(...) first")
    whole = spread(result, [target.level])
    whole = whole.value if isinstance(whole, Batched) and whole.level is target.level else whole
    inplace.write(target.value, copy, whole.to(target.dtype))
    return True


inplace.write_batched = write_batched
__all__ = ["OPS", "RULES", "Call", "batches", "sample_by_sample", "watch"]

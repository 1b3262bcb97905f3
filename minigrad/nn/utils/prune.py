"""Pruning: a mask of zeros and ones over a parameter, which is kept as `name_orig` and trained on where the mask is one.

A method of pruning is a hook that multiplies `name_orig` by the buffer `name_mask` before each call. Several on one parameter
make a `PruningContainer`, in which each acts on what those before it have left.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod
from numbers import Integral, Real
from typing import Any, TypeVar

from ... import creation
from ..._tensor import Tensor
from ...engine.mode import no_grad
from ...errors import ArgumentError, ArgumentTypeError, AssertedArgumentError, OutOfRangeError, UnsupportedError
from ...random import rand, rand_like
from ..module import Module
from ..parameter import Parameter
from .vector import parameters_to_vector

M = TypeVar("M", bound=Module)


class BasePruningMethod:
    """Base of all methods. A subclass computes a mask in `compute_mask`; PRUNING_TYPE says what of it acts when there is a mask already:

    "unstructured": the elements that are left; "structured": the channels that are left along `dim`; "global": all.
    """
    PRUNING_TYPE: str = "global"
    _tensor_name: str

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of ones and zeros for a tensor by whose values elements are judged, within the mask that there is."""
        raise UnsupportedError(f"{type(self).__name__}: a method of pruning must implement compute_mask(t, default_mask)")

    def apply_mask(self, module: Module) -> Tensor:
        """`name_orig` times `name_mask`."""
        original = getattr(module, f"{self._tensor_name}_orig")
        pruned: Tensor = getattr(module, f"{self._tensor_name}_mask").to(original.dtype) * original
        return pruned

    @classmethod
    def apply(cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any) -> Any:
        """Prune a parameter of a module by this method; importance_scores judge in place of its values."""
        found = hooks_of(module, name)
        for key, _ in found:
            del module._forward_pre_hooks[key]
        method: BasePruningMethod = cls(*args, **kwargs)
        method._tensor_name = name
        if found:
            container = found[0][1] if isinstance(found[0][1], PruningContainer) else PruningContainer(found[0][1])
            container.add_pruning_method(method)
            method = container
        original = getattr(module, name)
        check_scores(importance_scores, original)
        default = getattr(module, f"{name}_mask").detach().clone() if found else creation.ones_like(original)
        with no_grad():
            mask = method.compute_mask(original if importance_scores is None else importance_scores, default)
        if not found:
            del module._parameters[name]
            module.register_parameter(f"{name}_orig", original)
        module.register_buffer(f"{name}_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """A pruned tensor, without a module."""
        check_scores(importance_scores, t)
        default = creation.ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(t if importance_scores is None else importance_scores, default)

    def remove(self, module: Module) -> None:
        """Leave the pruned values as the parameter."""
        name = self._tensor_name
        with no_grad():
            original: Parameter = module._parameters[f"{name}_orig"]
            original.data = self.apply_mask(module).detach()
        delattr(module, name)
        del module._parameters[f"{name}_orig"]
        del module._buffers[f"{name}_mask"]
        setattr(module, name, original)


class PruningContainer(BasePruningMethod):
    """Methods of pruning that act on one parameter after each other."""

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if len(args) == 1 and not isinstance(args[0], Iterable):
            self._tensor_name = args[0]._tensor_name
        for method in args[0] if len(args) == 1 and isinstance(args[0], Iterable) else args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: Any) -> None:
        """Append a method for the same parameter. Raises ArgumentTypeError, or ArgumentError for another parameter."""
        if not isinstance(method, BasePruningMethod):
            raise ArgumentTypeError(f"{type(method)} is not a BasePruningMethod subclass")
        name = getattr(self, "_tensor_name", method._tensor_name)
        if name != method._tensor_name:
            raise ArgumentError(f"Can only add pruning methods acting on the parameter named '{name}' to PruningContainer {self}. "
                                f"Found '{method._tensor_name}'")
        self._tensor_name = name
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask that there is, and within it that of the last method."""
        method, mask = self._pruning_methods[-1], default_mask.to(t.dtype)
        if method.PRUNING_TYPE == "unstructured":
            where: Any = mask == 1
        elif method.PRUNING_TYPE == "structured":
            dim = checked_dim(t, method.dim)         # type: ignore[attr-defined]
            left = mask.sum([d for d in range(t.dim()) if d != dim]) != 0
            where = tuple([slice(None)] * dim + [left])
        elif method.PRUNING_TYPE == "global":
            where = ...
        else:
            raise ArgumentError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        made = mask.clone()
        made[where] = method.compute_mask(t[where], mask[where]).to(mask.dtype)
        return made


# ---------------------------------------------------------------- methods
class Identity(BasePruningMethod):
    """Prunes nothing; makes the mask."""
    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return default_mask


class _Unstructured(BasePruningMethod):
    """Prunes the `amount` of elements (a count, or a fraction) that score lowest."""
    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: float) -> None:
        self.amount = checked_amount(amount)

    def score(self, t: Tensor) -> Tensor:
        raise NotImplementedError

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        count = how_many(self.amount, t.numel())
        mask = default_mask.clone()
        if count:
            lowest: Any = self.score(t).reshape(-1).topk(count, largest=False)
            mask.view(-1)[lowest.indices] = 0
        return mask


class RandomUnstructured(_Unstructured):
    """Prunes elements at random."""

    def score(self, t: Tensor) -> Tensor:
        return -rand_like(t)


class L1Unstructured(_Unstructured):
    """Prunes the elements closest to zero."""

    def score(self, t: Tensor) -> Tensor:
        return t.abs()


class _Structured(BasePruningMethod):
    """Prunes the `amount` of channels along `dim` that score lowest."""
    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        self.amount, self.dim = checked_amount(amount), dim

    def score(self, t: Tensor, dim: int) -> Tensor:
        raise NotImplementedError

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        if t.dim() <= 1:
            raise ArgumentError("Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
                                f"{tuple(t.shape)} with {t.dim()} dims")
        dim = checked_dim(t, self.dim)
        count = how_many(self.amount, t.shape[dim])
        if not count:
            return default_mask
        kept = creation.ones(t.shape[dim], dtype=t.dtype, device=t.device)
        lowest: Any = self.score(t, dim).topk(count, largest=False)
        kept[lowest.indices] = 0
        return kept.reshape([-1 if d == dim else 1 for d in range(t.dim())]) * default_mask.to(t.dtype)


class RandomStructured(_Structured):
    """Prunes channels at random."""

    def score(self, t: Tensor, dim: int) -> Tensor:
        return rand(t.shape[dim])


class LnStructured(_Structured):
    """Prunes the channels of the smallest n-norm."""

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def score(self, t: Tensor, dim: int) -> Tensor:
        return t.norm(p=self.n, dim=[d for d in range(t.dim()) if d != dim])


class CustomFromMask(BasePruningMethod):
    """Prunes where a given mask is 0."""
    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return default_mask * self.mask.to(default_mask.dtype)


# ---------------------------------------------------------------- checks
def checked_amount(amount: Any) -> Any:
    """A count of 0 or more, or a fraction in [0, 1]."""
    if not isinstance(amount, Real):
        raise ArgumentTypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    if float(amount) < 0 or float(amount) > 1 and not isinstance(amount, Integral):
        raise ArgumentError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")
    return amount


def how_many(amount: Any, n: int) -> int:
    """The amount as a count of n elements or channels."""
    if isinstance(amount, Integral):
        if int(amount) > n:
            raise ArgumentError(f"amount={amount} should be smaller than the number of parameters to prune={n}")
        return int(amount)
    return round(amount * n)


def checked_dim(t: Tensor, dim: int) -> int:
    """A dimension of t, counted from the front."""
    if not -t.dim() <= dim < t.dim():
        raise OutOfRangeError(f"Invalid index {dim} for tensor of size {tuple(t.shape)}")
    return dim % t.dim()


def check_scores(scores: Tensor | None, t: Tensor) -> None:
    """Raise AssertedArgumentError for scores of another shape."""
    if scores is not None and scores.shape != t.shape:
        raise AssertedArgumentError(f"importance_scores should have the same shape as parameter, got {tuple(scores.shape)} vs "
                                    f"{tuple(t.shape)}")


def hooks_of(module: Module, name: str | None = None) -> list[tuple[int, BasePruningMethod]]:
    """The methods that act on a parameter of a module, on any of them without a name, with their places among the hooks."""
    hooks: dict[int, Any] = module._forward_pre_hooks
    return [(key, hook) for key, hook in hooks.items() if isinstance(hook, BasePruningMethod) and name in (None, hook._tensor_name)]


# ---------------------------------------------------------------- functions
def identity(module: M, name: str) -> M:
    """Give a parameter a mask of ones."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: M, name: str, amount: float) -> M:
    """Prune elements at random: a count of them, or a fraction."""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: M, name: str, amount: float, importance_scores: Tensor | None = None) -> M:
    """Prune the elements closest to zero, or of the lowest scores.

    >>> import minigrad
    >>> layer = minigrad.nn.Linear(4, 1)
    >>> layer.weight.data[0] = minigrad.tensor([3.0, -1.0, 2.0, -4.0])
    >>> l1_unstructured(layer, "weight", 0.5).weight_mask
    tensor([[1., 0., 0., 1.]])
    """
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_structured(module: M, name: str, amount: float, dim: int) -> M:
    """Prune channels along a dimension at random."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module: M, name: str, amount: float, n: Any, dim: int, importance_scores: Tensor | None = None) -> M:
    """Prune the channels along a dimension of the smallest n-norm."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: M, name: str, mask: Tensor) -> M:
    """Prune where a mask is 0."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(parameters: Any, pruning_method: Any, importance_scores: dict[Any, Tensor] | None = None, **kwargs: Any) -> None:
    """Prune elements of several parameters, (module, name) pairs, together: the lowest of all, wherever they are."""
    if not isinstance(parameters, Iterable):
        raise ArgumentTypeError("global_unstructured(): parameters is not an Iterable")
    if not isinstance(importance_scores, (dict, type(None))):
        raise ArgumentTypeError("global_unstructured(): importance_scores must be of type dict")
    pairs, given = list(parameters), importance_scores or {}
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise ArgumentTypeError('Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method '
                                f"{pruning_method} of type {method.PRUNING_TYPE}")
    method._tensor_name = "all"
    tensors = [getattr(module, name) for module, name in pairs]
    with no_grad():
        scores = parameters_to_vector([given.get((module, name), t) for (module, name), t in zip(pairs, tensors)])
        masks = [getattr(module, f"{name}_mask", creation.ones_like(t)) for (module, name), t in zip(pairs, tensors)]
        mask = PruningContainer(method).compute_mask(scores, parameters_to_vector(masks))
    start = 0
    for (module, name), t in zip(pairs, tensors):
        n = prod(t.shape)
        custom_from_mask(module, name, mask[start:start + n].reshape(tuple(t.shape)))
        start += n


def remove(module: M, name: str) -> M:
    """Make pruning of a parameter final: its zeros stay, the mask goes."""
    found = hooks_of(module, name)
    if not found:
        raise ArgumentError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")
    key, hook = found[0]
    hook.remove(module)
    del module._forward_pre_hooks[key]
    return module


def is_pruned(module: Module) -> bool:
    """True if a parameter in the module, or below it, is pruned."""
    return any(hooks_of(m) for m in module.modules())

"""Which kinds of parts a functional takes, and what users have registered for kinds of their own."""
from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any, TypeVar, cast

from ...._tensor import Tensor
from ....errors import ArgumentError, ArgumentTypeError, describe
from ... import tv_tensors
from ..._pillow import is_pil

F = TypeVar("F", bound=Callable[..., Any])
Kernel = Callable[..., Any]
OWN = frozenset((tv_tensors.TVTensor, tv_tensors.Image, tv_tensors.Video, tv_tensors.Mask, tv_tensors.BoundingBoxes, tv_tensors.KeyPoints))
ALL = (tv_tensors.Image, tv_tensors.Video, tv_tensors.Mask, tv_tensors.BoundingBoxes, tv_tensors.KeyPoints)
IMAGES = (tv_tensors.Image, tv_tensors.Video)

_registered: dict[Any, dict[type, Kernel]] = {}      # functional -> kind -> what a user has written for it


def is_pure_tensor(inpt: Any) -> bool:
    """A tensor that does not say what it is."""
    return isinstance(inpt, Tensor) and not isinstance(inpt, tv_tensors.TVTensor)


def dispatched(*kinds: type) -> Callable[[F], F]:
    """A functional that takes PIL images, plain tensors and these kinds, and those that `register_kernel` adds."""
    def mark(function: F) -> F:
        @wraps(function)
        def call(inpt: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(inpt, tv_tensors.TVTensor) and type(inpt) not in kinds:
                return kernel_of(call, inpt)(inpt, *args, **kwargs)
            return function(inpt, *args, **kwargs)
        call.kinds, call.plain = kinds, function     # type: ignore[attr-defined]
        return cast(F, call)
    return mark


def pixels(function: F) -> F:
    """An image's functional for images of all kinds, each giving its own kind."""
    @wraps(function)
    def kept(inpt: Any, *args: Any, **kwargs: Any) -> Any:
        out = function(inpt, *args, **kwargs)
        return tv_tensors.wrap(out, like=inpt) if out is not inpt and isinstance(out, Tensor) else out
    return dispatched(*IMAGES)(cast(F, kept))


def kernel_of(functional: Any, inpt: Any, passthrough: bool = False) -> Kernel:
    """What does it to this part: the functional itself, a user's kernel, nothing if `passthrough`, or a TypeError."""
    kinds = getattr(functional, "kinds", ALL)
    if not isinstance(inpt, tv_tensors.TVTensor):
        if isinstance(inpt, Tensor) or is_pil(inpt) or not passthrough:
            return getattr(functional, "plain", functional)
    else:
        for kind in type(inpt).__mro__:
            if kind in kinds:
                return getattr(functional, "plain", functional)
            if kind in (found := _registered.get(functional, {})):
                return found[kind]
    if passthrough:
        return lambda inpt, *args, **kwargs: inpt
    name = getattr(functional, "__name__", functional)
    raise ArgumentTypeError(f"{name}: takes PIL images, tensors and {', '.join(kind.__name__ for kind in kinds)}; got {describe(inpt)} "
                            f"({type(inpt).__name__}); register_kernel adds kinds of your own")


def register_kernel(functional: Callable[..., Any] | str, tv_tensor_cls: type) -> Callable[[F], F]:
    """A decorator: what it is put on does `functional` (or the one of this name) to a `TVTensor` class of your own.

    Raises ValueError for an unknown functional, for minigrad's own kinds, and for a second kernel.
    """
    if isinstance(functional, str):
        functional = getattr(import_module(f"{__package__}.functional"), functional, functional)
    if not hasattr(functional, "kinds"):
        raise ArgumentError(f"register_kernel: expected a functional of transforms.v2.functional, or its name; got {functional!r}")
    if not isinstance(tv_tensor_cls, type) or not issubclass(tv_tensor_cls, tv_tensors.TVTensor) or tv_tensor_cls in OWN:
        raise ArgumentError(f"register_kernel: expected a class of your own that is derived from TVTensor; got {tv_tensor_cls!r}")
    kernels = _registered.setdefault(functional, {})
    if tv_tensor_cls in kernels:
        name = getattr(functional, "__name__", functional)
        raise ArgumentError(f"register_kernel: {name} already has a kernel for {tv_tensor_cls.__name__}")

    def register(kernel: F) -> F:
        kernels[tv_tensor_cls] = kernel
        return kernel
    return register

"""`torch.nn.modules`, which PyTorch splits into many files: all of `nn`, the bases of its layers, hooks for all modules, helpers for sizes.

`nn.modules.conv` and its like are this module again, so that `nn.modules.batchnorm._BatchNorm` is found.
"""
from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from itertools import repeat
from typing import Any

from ..errors import ArgumentError
from .attention import NonDynamicallyQuantizableLinear as NonDynamicallyQuantizableLinear
from .batch_norm import _BatchNorm as _BatchNorm
from .batch_norm import _InstanceNorm as _InstanceNorm
from .batch_norm import _RunningNorm as _NormBase
from .conv import _Conv as _ConvNd
from .conv import _ConvTranspose as _ConvTransposeNd
from .dropout import _Dropout as _DropoutNd
from .hooks import register_module_forward_hook as register_module_forward_hook
from .hooks import register_module_forward_pre_hook as register_module_forward_pre_hook
from .hooks import register_module_full_backward_hook as register_module_full_backward_hook
from .hooks import register_module_full_backward_pre_hook as register_module_full_backward_pre_hook
from .lazy import LazyModuleMixin as LazyModuleMixin
from .loss import _Loss as _Loss
from .loss import _WeightedLoss as _WeightedLoss
from .padding import _CircularPad as _CircularPadNd
from .padding import _ConstantPad as _ConstantPadNd
from .pool import _AdaptiveAvgPool as _AdaptiveAvgPoolNd
from .pool import _AdaptiveMaxPool as _AdaptiveMaxPoolNd
from .pool import _AvgPool as _AvgPoolNd
from .pool import _LPPool as _LPPoolNd
from .pool import _MaxPool as _MaxPoolNd
from .pool import _MaxUnpool as _MaxUnpoolNd
from .state import IncompatibleKeys as _IncompatibleKeys
from .transformer import activation_of as _get_activation_fn
from .transformer import clones as _get_clones

__all__ = ["LazyModuleMixin", "NonDynamicallyQuantizableLinear", "_AdaptiveAvgPoolNd", "_AdaptiveMaxPoolNd", "_AvgPoolNd", "_BatchNorm",
           "_CircularPadNd", "_ConstantPadNd", "_ConvNd", "_ConvTransposeNd", "_DropoutNd", "_IncompatibleKeys", "_InstanceNorm",
           "_LPPoolNd", "_Loss", "_MaxPoolNd", "_MaxUnpoolNd", "_NormBase", "_WeightedLoss", "_get_activation_fn", "_get_clones"]

FILES = frozenset((
    "activation", "adaptive", "batchnorm", "channelshuffle", "container", "conv", "distance", "dropout", "flatten", "fold", "instancenorm",
    "lazy", "linear", "loss", "module", "normalization", "padding", "pixelshuffle", "pooling", "rnn", "sparse", "transformer",
    "upsampling", "utils"))


def __getattr__(name: str) -> Any:
    if name in FILES:
        return sys.modules[__name__]
    package = import_module(__name__.rpartition(".")[0])
    if name.startswith("__") or not hasattr(package, name):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(package, name)


# ---------------------------------------------------------------- sizes
def _ntuple(n: int, name: str = "parse") -> Callable[[Any], tuple[Any, ...]]:
    """A function that makes n of a number, and a tuple of what holds several."""
    def parse(x: Any) -> tuple[Any, ...]:
        return tuple(x) if isinstance(x, Iterable) else tuple(repeat(x, n))
    parse.__name__ = name
    return parse


_single = _ntuple(1, "_single")
_pair = _ntuple(2, "_pair")
_triple = _ntuple(3, "_triple")
_quadruple = _ntuple(4, "_quadruple")


def _reverse_repeat_tuple(t: Sequence[Any], n: int) -> tuple[Any, ...]:
    """(a, b) -> (b, b, a, a) for n = 2: from the padding of a layer to that of `pad`."""
    return tuple(x for x in reversed(t) for _ in range(n))


def _list_with_default(out_size: Any, defaults: Sequence[int]) -> Any:
    """A size whose None are those of the last dimensions in `defaults`."""
    if isinstance(out_size, int):
        return out_size
    if len(defaults) <= len(out_size):
        raise ArgumentError(f"Input dimension should be at least {len(out_size) + 1}; got {len(defaults)}")
    return [d if v is None else v for v, d in zip(out_size, defaults[-len(out_size):])]


# ---------------------------------------------------------------- text and states
def _addindent(text: str, spaces: int) -> str:
    """All lines but the first one, further to the right."""
    first, *rest = text.split("\n")
    return "\n".join([first, *[" " * spaces + line for line in rest]])


def consume_prefix_in_state_dict_if_present(state_dict: dict[str, Any], prefix: str) -> None:
    """Take a prefix such as "module." off the keys of a state, in place.

    >>> state = {"module.weight": 1, "bias": 2}
    >>> consume_prefix_in_state_dict_if_present(state, "module.")
    >>> state
    {'bias': 2, 'weight': 1}
    """
    for key in [k for k in state_dict if k.startswith(prefix)]:
        state_dict[key.removeprefix(prefix)] = state_dict.pop(key)
    metadata = getattr(state_dict, "_metadata", {})
    for key in [k for k in metadata if k and (k == prefix.replace(".", "") or k.startswith(prefix))]:
        metadata[key[len(prefix):]] = metadata.pop(key)

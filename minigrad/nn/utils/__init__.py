"""Helpers for gradients, parameters and sequences."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import parametrizations as parametrizations
from . import parametrize as parametrize
from . import prune as prune
from . import rnn as rnn
from .building import convert_conv2d_weight_memory_format as convert_conv2d_weight_memory_format
from .building import convert_conv3d_weight_memory_format as convert_conv3d_weight_memory_format
from .building import skip_init as skip_init
from .clip_grad import clip_grad_norm as clip_grad_norm
from .clip_grad import clip_grad_norm_ as clip_grad_norm_
from .clip_grad import clip_grad_value_ as clip_grad_value_
from .clip_grad import clip_grads_with_norm_ as clip_grads_with_norm_
from .clip_grad import get_total_norm as get_total_norm
from .fusion import fuse_conv_bn_eval as fuse_conv_bn_eval
from .fusion import fuse_conv_bn_weights as fuse_conv_bn_weights
from .fusion import fuse_linear_bn_eval as fuse_linear_bn_eval
from .fusion import fuse_linear_bn_weights as fuse_linear_bn_weights
from .reparametrization import remove_spectral_norm as remove_spectral_norm
from .reparametrization import remove_weight_norm as remove_weight_norm
from .reparametrization import spectral_norm as spectral_norm
from .reparametrization import weight_norm as weight_norm
from .vector import parameters_to_vector as parameters_to_vector
from .vector import vector_to_parameters as vector_to_parameters

if TYPE_CHECKING:
    from . import stateless as stateless


def __getattr__(name: str) -> Any:
    if name == "stateless":                          # loads minigrad.func
        from importlib import import_module
        return import_module(f"{__name__}.stateless")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

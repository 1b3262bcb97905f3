"""The older `weight_norm` and `spectral_norm`, which compute a weight in a hook before each call. `parametrizations` has the newer."""
from __future__ import annotations

import warnings
from typing import Any, TypeVar

from ..._tensor import Tensor
from ...creation import ones_like
from ...errors import ArgumentError, RefusedArgumentError
from ...random import randn
from .. import functional as F
from ..conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..module import Module
from ..parameter import Parameter
from .parametrizations import as_matrix, norm_except, power_method

M = TypeVar("M", bound=Module)


def find(module: Module, kind: type, name: str) -> int | None:
    """The id of the hook of a kind on a tensor."""
    return next((k for k, hook in module._forward_pre_hooks.items() if isinstance(hook, kind) and hook.name == name), None)  # type: ignore[attr-defined]


def taken_out(module: Module, name: str) -> Tensor:
    """A parameter, no longer under its name."""
    weight: Tensor = getattr(module, name)
    del module._parameters[name]
    return weight


def put_back(module: Module, hook: type, what: str, name: str) -> None:
    """Remove a hook, and make the tensor a parameter with the value that it has."""
    key = find(module, hook, name)
    if key is None:
        raise ArgumentError(f"{what} of '{name}' not found in {module}")
    module._forward_pre_hooks[key].remove(module)
    del module._forward_pre_hooks[key]


# ---------------------------------------------------------------- length and direction
class WeightNorm:
    """The hook that makes a weight of its length (name + "_g") and direction (name + "_v")."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Any:
        """The weight."""
        g, v = getattr(module, f"{self.name}_g"), getattr(module, f"{self.name}_v")
        return v * (g / norm_except(v, self.dim))

    def remove(self, module: Module) -> None:
        """Leave the weight as a parameter."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        for part in "gv":
            del module._parameters[f"{self.name}_{part}"]
        setattr(module, self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Train the length, `weight_g`, and the direction, `weight_v`, of a weight apart. Prefer `parametrizations.weight_norm`."""
    warnings.warn("`torch.nn.utils.weight_norm` is deprecated in favor of `torch.nn.utils.parametrizations.weight_norm`.", FutureWarning,
                  stacklevel=2)
    if find(module, WeightNorm, name) is not None:
        raise RefusedArgumentError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    hook = WeightNorm(name, dim)
    weight = taken_out(module, name)
    module.register_parameter(f"{name}_g", Parameter(norm_except(weight, dim).detach()))
    module.register_parameter(f"{name}_v", Parameter(weight.detach()))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Undo `weight_norm`; the weight keeps its value. Raises ValueError (ArgumentError) where there is none."""
    put_back(module, WeightNorm, "weight_norm", name)
    return module


# ---------------------------------------------------------------- the largest singular value
class SpectralNorm:
    """The hook that divides a weight (name + "_orig") by its largest singular value, with its vectors in two buffers."""

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        if n_power_iterations <= 0:
            raise ArgumentError(f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}")
        self.name, self.n_power_iterations, self.dim, self.eps = name, n_power_iterations, dim, eps

    def compute_weight(self, module: Module, training: bool) -> Any:
        """The weight; in training after a step of the power method."""
        weight, u, v = [getattr(module, f"{self.name}_{part}") for part in ("orig", "u", "v")]
        matrix = as_matrix(weight, self.dim)
        if training:
            power_method_of_left(matrix, u, v, self.n_power_iterations, self.eps)
        u, v = u.clone(), v.clone()
        return weight / (u @ (matrix @ v))

    def remove(self, module: Module) -> None:
        """Leave the weight as a parameter."""
        weight = self.compute_weight(module, False)
        delattr(module, self.name)
        for part in ("u", "v"):
            del module._buffers[f"{self.name}_{part}"]
        del module._parameters[f"{self.name}_orig"]
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, module.training))


def power_method_of_left(matrix: Tensor, u: Tensor, v: Tensor, steps: int, eps: float) -> None:
    """`power_method` that begins with the right vector."""
    power_method(matrix.transpose(0, 1), v, u, steps, eps)


def spectral_norm(module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None) -> M:
    """Divide a weight, kept as `weight_orig`, by its largest singular value. Prefer `parametrizations.spectral_norm`."""
    if find(module, SpectralNorm, name) is not None:
        raise RefusedArgumentError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    if dim is None:
        dim = 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0
    hook = SpectralNorm(name, n_power_iterations, dim, eps)
    weight = taken_out(module, name)
    matrix = as_matrix(weight, dim)
    module.register_parameter(f"{name}_orig", weight)            # type: ignore[arg-type]
    setattr(module, name, weight.detach())
    for part, n in (("u", matrix.shape[0]), ("v", matrix.shape[1])):
        drawn = F.normalize(randn(n, dtype=weight.dtype, device=weight.device), dim=0, eps=eps)
        module.register_buffer(f"{name}_{part}", drawn * ones_like(drawn))
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Undo `spectral_norm`; the weight keeps its value. Raises ValueError (ArgumentError) where there is none."""
    put_back(module, SpectralNorm, "spectral_norm", name)
    return module

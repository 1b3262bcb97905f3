"""All parameters as one vector, and back."""
from __future__ import annotations

from collections.abc import Iterable

from ..._tensor import Tensor
from ...engine.node import TensorBase
from ...errors import ArgumentTypeError, ShapeError, describe
from ...ops.join import cat


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of all parameters, one after another, with a graph."""
    return cat([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Let parameters take their elements from a vector, whose memory they share from then on."""
    if not isinstance(vec, TensorBase):
        raise ArgumentTypeError(f"expected torch.Tensor, but got: {describe(vec)}")
    at = 0
    for p in parameters:
        n = p.numel()
        if at + n > vec.numel():
            raise ShapeError(f"vector_to_parameters: the parameters have more elements than the vector; got {describe(vec)}")
        p.data = vec[at:at + n].detach().reshape(*p.array.shape)
        at += n

"""Collective operations that gradients pass through: they return their results, and of one process these are the inputs."""
from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from .process_group import ProcessGroup, ReduceOp, member


def all_reduce(tensor: Tensor, op: Any = ReduceOp.SUM, group: ProcessGroup | None = None) -> Tensor:
    """The reduction of the tensors of all processes."""
    member(group)
    return tensor.clone()


def reduce(tensor: Tensor, dst: int, op: Any = ReduceOp.SUM, group: ProcessGroup | None = None) -> Tensor:
    """`all_reduce`, for one process only."""
    return all_reduce(tensor, op, group)


def broadcast(tensor: Tensor, src: int, group: ProcessGroup | None = None) -> Tensor:
    """The tensor of process `src`."""
    return all_reduce(tensor, group=group)


def all_gather(tensor: Tensor, group: ProcessGroup | None = None) -> tuple[Tensor, ...]:
    """The tensors of all processes."""
    return (all_reduce(tensor, group=group),)


def gather(tensor: Tensor, dst: int = 0, group: ProcessGroup | None = None) -> tuple[Tensor, ...]:
    """`all_gather`, for one process only."""
    return all_gather(tensor, group)

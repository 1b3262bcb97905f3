"""What the processes of a group do together, in a group of one: reductions keep their value, gathering and scattering copy it."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..engine.mode import no_grad
from ..errors import ArgumentError
from .process_group import ProcessGroup, ReduceOp, Work, member


def _done(async_op: bool) -> Work | None:
    return Work() if async_op else None


def _check_rank(op: str, rank: int | None, group: ProcessGroup | None) -> None:
    """A source or a destination must be in the group."""
    member(group)
    if rank not in (None, 0):
        raise ArgumentError(f"{op}: the only rank is 0; got {rank}")


def _copy(op: str, targets: Sequence[Tensor] | None, sources: Sequence[Tensor] | None) -> None:
    """Write each source into its target; both lists have one tensor per process."""
    targets, sources = targets or (), sources or ()
    if len(targets) != 1 or len(sources) != 1:
        raise ArgumentError(f"{op}: lists must have one tensor per process, so one; got {len(targets)} outputs, {len(sources)} inputs")
    with no_grad():
        targets[0].copy_(sources[0].reshape(targets[0].shape))


def all_reduce(tensor: Tensor, op: Any = ReduceOp.SUM, group: ProcessGroup | None = None, async_op: bool = False) -> Work | None:
    """Leave in `tensor` the sum, or another `op`, of the tensors of all processes: itself."""
    member(group)
    return _done(async_op)


def reduce(tensor: Tensor, dst: int | None = None, op: Any = ReduceOp.SUM, group: ProcessGroup | None = None, async_op: bool = False,
           group_dst: int | None = None) -> Work | None:
    """`all_reduce`, with the result in one process only."""
    _check_rank("reduce", dst, group)
    return _done(async_op)


def broadcast(tensor: Tensor, src: int | None = None, group: ProcessGroup | None = None, async_op: bool = False,
              group_src: int | None = None) -> Work | None:
    """Give all processes the tensor of process `src`."""
    _check_rank("broadcast", src, group)
    return _done(async_op)


def all_gather(tensor_list: list[Tensor], tensor: Tensor, group: ProcessGroup | None = None, async_op: bool = False) -> Work | None:
    """Copy the tensor of each process into `tensor_list`."""
    member(group)
    _copy("all_gather", tensor_list, [tensor])
    return _done(async_op)


def all_gather_into_tensor(output_tensor: Tensor, input_tensor: Tensor, group: ProcessGroup | None = None,
                           async_op: bool = False) -> Work | None:
    """`all_gather` into one tensor, one behind the other or stacked."""
    return all_gather([output_tensor], input_tensor, group, async_op)


def gather(tensor: Tensor, gather_list: list[Tensor] | None = None, dst: int | None = None, group: ProcessGroup | None = None,
           async_op: bool = False, group_dst: int | None = None) -> Work | None:
    """`all_gather`, with the result in one process only."""
    _check_rank("gather", dst, group)
    _copy("gather", gather_list, [tensor])
    return _done(async_op)


def scatter(tensor: Tensor, scatter_list: list[Tensor] | None = None, src: int | None = None, group: ProcessGroup | None = None,
            async_op: bool = False, group_src: int | None = None) -> Work | None:
    """Copy into `tensor` what process `src` has for this one."""
    _check_rank("scatter", src, group)
    _copy("scatter", [tensor], scatter_list)
    return _done(async_op)


def reduce_scatter(output: Tensor, input_list: list[Tensor], op: Any = ReduceOp.SUM, group: ProcessGroup | None = None,
                   async_op: bool = False) -> Work | None:
    """Reduce each tensor of the list over the processes, and copy into `output` the one of this process."""
    member(group)
    _copy("reduce_scatter", [output], input_list)
    return _done(async_op)


def reduce_scatter_tensor(output: Tensor, input: Tensor, op: Any = ReduceOp.SUM, group: ProcessGroup | None = None,
                          async_op: bool = False) -> Work | None:
    """`reduce_scatter` of the parts of one tensor."""
    return reduce_scatter(output, [input], op, group, async_op)


def all_to_all(output_tensor_list: list[Tensor], input_tensor_list: list[Tensor], group: ProcessGroup | None = None,
               async_op: bool = False) -> Work | None:
    """Send the k-th tensor to the k-th process."""
    member(group)
    _copy("all_to_all", output_tensor_list, input_tensor_list)
    return _done(async_op)


def all_to_all_single(output: Tensor, input: Tensor, output_split_sizes: Any = None, input_split_sizes: Any = None,
                      group: ProcessGroup | None = None, async_op: bool = False) -> Work | None:
    """`all_to_all` of the parts of one tensor."""
    return all_to_all([output], [input], group, async_op)


# ---------------------------------------------------------------- other objects
def all_gather_object(object_list: list[Any], obj: Any, group: ProcessGroup | None = None) -> None:
    """Put the object of each process into the list."""
    member(group)
    object_list[0] = obj


def gather_object(obj: Any, object_gather_list: list[Any] | None = None, dst: int | None = None, group: ProcessGroup | None = None,
                  group_dst: int | None = None) -> None:
    """`all_gather_object`, with the result in one process only."""
    _check_rank("gather_object", dst, group)
    if object_gather_list is None:
        raise ArgumentError("gather_object: process 0 receives the objects; pass object_gather_list=[None]")
    object_gather_list[0] = obj


def broadcast_object_list(object_list: list[Any], src: int | None = None, group: ProcessGroup | None = None, device: Any = None,
                          group_src: int | None = None) -> None:
    """Give all processes the objects of process `src`."""
    _check_rank("broadcast_object_list", src, group)


def scatter_object_list(scatter_object_output_list: list[Any], scatter_object_input_list: list[Any] | None = None,
                        src: int | None = None, group: ProcessGroup | None = None, group_src: int | None = None) -> None:
    """Put into the first list the object that process `src` has for this one."""
    _check_rank("scatter_object_list", src, group)
    if not scatter_object_input_list:
        raise ArgumentError("scatter_object_list: process 0 sends the objects; pass scatter_object_input_list")
    scatter_object_output_list[0] = scatter_object_input_list[0]

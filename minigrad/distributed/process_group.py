"""The group of processes that a program is one of; here always the only one."""
from __future__ import annotations

import os
from typing import Any, ClassVar

from ..errors import ArgumentError, UnsupportedError


class Backend(str):
    """The name of a way to talk to other processes, in small letters: it is kept, and nothing is said."""
    __slots__ = ()
    GLOO, MPI, NCCL, UCC, XCCL, UNDEFINED = "gloo", "mpi", "nccl", "ucc", "xccl", "undefined"
    backend_list: ClassVar[list[str]] = [UNDEFINED, GLOO, NCCL, XCCL, UCC, MPI]

    def __new__(cls, name: str) -> Backend:
        if not isinstance(name, str):
            raise ArgumentError(f"Backend: a name must be a string; got {name!r}")
        return super().__new__(cls, name.lower())


class ReduceOp:
    """How values of several processes become one. Of one value all of these are the value."""
    SUM, AVG, PRODUCT, MIN, MAX = "SUM", "AVG", "PRODUCT", "MIN", "MAX"
    BAND, BOR, BXOR = "BAND", "BOR", "BXOR"


class ProcessGroup:
    """Processes that work together: this one."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def rank(self) -> int:
        return 0

    def size(self) -> int:
        return 1

    def name(self) -> str:
        return self.backend


class GroupMember:
    """The group of all processes, and what a process that is in no group gets."""
    WORLD: ProcessGroup | None = None
    NON_GROUP_MEMBER: ClassVar[int] = -100


group = GroupMember


class Work:
    """An operation that was asked for with `async_op=True`: it is done."""

    def wait(self, timeout: Any = None) -> bool:
        return True

    def is_completed(self) -> bool:
        return True

    def is_success(self) -> bool:
        return True


def init_process_group(backend: str | None = None, init_method: str | None = None, timeout: Any = None, world_size: int = -1,
                       rank: int = -1, store: Any = None, group_name: str = "", pg_options: Any = None, device_id: Any = None,
                       ) -> None:
    """Make the group of this one process; the environment's WORLD_SIZE and RANK stand for numbers that are not given.

    Raises UnsupportedError where more than one process is asked for, ValueError where the group is there already.

    >>> init_process_group("gloo", rank=0, world_size=1)
    >>> get_rank(), get_world_size(), get_backend()
    (0, 1, 'gloo')
    >>> destroy_process_group()
    """
    if is_initialized():
        raise ArgumentError("init_process_group: the group of processes exists already; call destroy_process_group() first")
    size = int(os.environ.get("WORLD_SIZE", "1")) if world_size < 0 else world_size
    place = int(os.environ.get("RANK", "0")) if rank < 0 else rank
    if size != 1 or place != 0:
        raise UnsupportedError(f"init_process_group: minigrad works in one process; got rank {place} of world_size {size}; "
                               "start the program once, with WORLD_SIZE=1")
    GroupMember.WORLD = ProcessGroup(Backend(backend or "gloo"))


def destroy_process_group(group: ProcessGroup | None = None) -> None:
    """Forget the group; of one made by `new_group` there is nothing to forget."""
    if member(group) is GroupMember.WORLD:
        GroupMember.WORLD = None


def member(group: ProcessGroup | None = None) -> ProcessGroup:
    """The group that is meant. Raises ValueError, as PyTorch does, where there is none."""
    if GroupMember.WORLD is None:
        raise ArgumentError("Default process group has not been initialized, please make sure to call init_process_group.")
    return GroupMember.WORLD if group is None else group


def new_group(ranks: list[int] | None = None, timeout: Any = None, backend: str | None = None, pg_options: Any = None,
              use_local_synchronization: bool = False, group_desc: str | None = None, device_id: Any = None,
              sort_ranks: bool = True) -> ProcessGroup:
    """A group of some of the processes: of this one."""
    world = member()
    if ranks not in (None, [0]):
        raise ArgumentError(f"new_group: the only rank is 0; got ranks {ranks}")
    return ProcessGroup(Backend(backend) if backend else world.backend)


def get_rank(group: ProcessGroup | None = None) -> int:
    """0, the number of this process. Raises ValueError before `init_process_group`."""
    return member(group).rank()


def get_world_size(group: ProcessGroup | None = None) -> int:
    """1, the number of processes. Raises ValueError before `init_process_group`."""
    return member(group).size()


def get_backend(group: ProcessGroup | None = None) -> str:
    """The name that the group was made with."""
    return str(member(group).backend)


def get_process_group_ranks(group: ProcessGroup | None) -> list[int]:
    """The numbers of the processes in the group."""
    return list(range(member(group).size()))


def barrier(group: ProcessGroup | None = None, async_op: bool = False, device_ids: Any = None, timeout: Any = None) -> Work | None:
    """Wait for all processes: nobody to wait for."""
    member(group)
    return Work() if async_op else None


def is_initialized() -> bool:
    """True between `init_process_group` and `destroy_process_group`."""
    return GroupMember.WORLD is not None


def is_available() -> bool:
    """False: there is nothing to talk to other processes with."""
    return False


def is_backend_available(backend: str) -> bool:
    """False, whatever the backend."""
    return False


def is_gloo_available() -> bool:
    """False."""
    return False


def is_mpi_available() -> bool:
    """False."""
    return False


def is_nccl_available() -> bool:
    """False."""
    return False


def is_torchelastic_launched() -> bool:
    """True in a process that PyTorch's launcher started."""
    return "TORCHELASTIC_RUN_ID" in os.environ

"""`torch.distributed` for one process: a group of one, in which every collective operation has its result at once.

So programs written for many processes run as the only one: `init_process_group` makes the group (also from WORLD_SIZE=1 in the
environment), and more than one process is refused there. `is_available()` is False all the same, since programs that ask
then take their own way for one process.
"""
from __future__ import annotations

from . import nn as nn
from .collective import all_gather as all_gather
from .collective import all_gather_into_tensor as all_gather_into_tensor
from .collective import all_gather_object as all_gather_object
from .collective import all_reduce as all_reduce
from .collective import all_to_all as all_to_all
from .collective import all_to_all_single as all_to_all_single
from .collective import broadcast as broadcast
from .collective import broadcast_object_list as broadcast_object_list
from .collective import gather as gather
from .collective import gather_object as gather_object
from .collective import reduce as reduce
from .collective import reduce_scatter as reduce_scatter
from .collective import reduce_scatter_tensor as reduce_scatter_tensor
from .collective import scatter as scatter
from .collective import scatter_object_list as scatter_object_list
from .process_group import Backend as Backend
from .process_group import GroupMember as GroupMember
from .process_group import ProcessGroup as ProcessGroup
from .process_group import ReduceOp as ReduceOp
from .process_group import Work as Work
from .process_group import barrier as barrier
from .process_group import destroy_process_group as destroy_process_group
from .process_group import get_backend as get_backend
from .process_group import get_process_group_ranks as get_process_group_ranks
from .process_group import get_rank as get_rank
from .process_group import get_world_size as get_world_size
from .process_group import group as group
from .process_group import init_process_group as init_process_group
from .process_group import is_available as is_available
from .process_group import is_backend_available as is_backend_available
from .process_group import is_gloo_available as is_gloo_available
from .process_group import is_initialized as is_initialized
from .process_group import is_mpi_available as is_mpi_available
from .process_group import is_nccl_available as is_nccl_available
from .process_group import is_torchelastic_launched as is_torchelastic_launched
from .process_group import new_group as new_group

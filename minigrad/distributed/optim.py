"""An optimizer whose state is spread over processes; of one process, the optimizer itself."""
from __future__ import annotations

from typing import Any

from .process_group import ProcessGroup, member


class ZeroRedundancyOptimizer:
    """`optimizer_class(params, **defaults)`: there is one process, and it keeps all of the state."""

    def __new__(cls, params: Any, optimizer_class: Any, process_group: ProcessGroup | None = None, parameters_as_bucket_view: bool = False,
                overlap_with_ddp: bool = False, **defaults: Any) -> Any:
        member(process_group)
        return optimizer_class(params, **defaults)

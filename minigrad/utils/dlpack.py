"""`torch.utils.dlpack`: memory shared with other array libraries."""
from __future__ import annotations

from .._dlpack import DLDeviceType as DLDeviceType
from .._dlpack import from_dlpack as from_dlpack
from .._dlpack import to_dlpack as to_dlpack

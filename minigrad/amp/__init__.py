"""`torch.amp`: mixed precision. Activations in float16, weights and losses in float32."""
from __future__ import annotations

from .autocast_mode import autocast as autocast
from .autocast_mode import custom_bwd as custom_bwd
from .autocast_mode import custom_fwd as custom_fwd
from .grad_scaler import GradScaler as GradScaler
from .state import is_autocast_available as is_autocast_available

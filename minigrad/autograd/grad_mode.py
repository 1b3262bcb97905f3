"""`torch.autograd.grad_mode`: the switches of recording, under the name of PyTorch's module."""
from __future__ import annotations

from ..engine.mode import enable_grad as enable_grad
from ..engine.mode import inference_mode as inference_mode
from ..engine.mode import no_grad as no_grad
from ..engine.mode import set_grad_enabled as set_grad_enabled

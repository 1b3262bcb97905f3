"""`torch.backends.cuda`: settings of CUDA's matrix products and of attention on GPUs."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .. import precision


class Matmul:
    """Which lower precisions a float product may use. Here only TF32 has a meaning: float16 is always added up in float32."""
    __slots__ = ("allow_bf16_reduced_precision_reduction", "allow_fp16_accumulation", "allow_fp16_reduced_precision_reduction",
                 "fp32_precision")

    def __init__(self) -> None:
        self.allow_fp16_accumulation = False
        self.allow_fp16_reduced_precision_reduction = self.allow_bf16_reduced_precision_reduction = True
        self.fp32_precision = "none"

    @property
    def allow_tf32(self) -> bool:
        """Whether float32 products on a GPU may round their factors to TF32; the same switch as `set_float32_matmul_precision`."""
        return precision.tf32()

    @allow_tf32.setter
    def allow_tf32(self, value: bool) -> None:
        precision.set_float32_matmul_precision("high" if value else "highest")


matmul = Matmul()
_attention = {"flash": True, "mem_efficient": True, "math": True, "cudnn": True}


def is_built() -> bool:
    """False: there is nothing compiled for CUDA."""
    return False


def enable_flash_sdp(enabled: bool) -> None:
    """Accepted: attention has one way to be computed."""
    _attention["flash"] = bool(enabled)


def flash_sdp_enabled() -> bool:
    """What `enable_flash_sdp` was last told."""
    return _attention["flash"]


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Accepted: attention has one way to be computed."""
    _attention["mem_efficient"] = bool(enabled)


def mem_efficient_sdp_enabled() -> bool:
    """What `enable_mem_efficient_sdp` was last told."""
    return _attention["mem_efficient"]


def enable_math_sdp(enabled: bool) -> None:
    """Accepted: attention has one way to be computed."""
    _attention["math"] = bool(enabled)


def math_sdp_enabled() -> bool:
    """What `enable_math_sdp` was last told."""
    return _attention["math"]


def enable_cudnn_sdp(enabled: bool) -> None:
    """Accepted: attention has one way to be computed."""
    _attention["cudnn"] = bool(enabled)


def cudnn_sdp_enabled() -> bool:
    """What `enable_cudnn_sdp` was last told."""
    return _attention["cudnn"]


def can_use_flash_attention(params: Any = None, debug: bool = False) -> bool:
    """False: attention has one way to be computed."""
    return False


can_use_efficient_attention = can_use_cudnn_attention = can_use_flash_attention


def is_flash_attention_available() -> bool:
    """False."""
    return False


@contextmanager
def sdp_kernel(enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True,
               enable_cudnn: bool = True) -> Iterator[None]:
    """Other settings inside, as the four `enable_...` functions set them. Deprecated in PyTorch for `nn.attention.sdpa_kernel`."""
    before = dict(_attention)
    _attention.update(flash=enable_flash, math=enable_math, mem_efficient=enable_mem_efficient, cudnn=enable_cudnn)
    try:
        yield
    finally:
        _attention.update(before)


def preferred_linalg_library(backend: Any = None) -> str:
    """Accepted; "default"."""
    return "default"


preferred_blas_library = preferred_linalg_library

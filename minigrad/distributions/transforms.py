"""Invertible functions of tensors that know how they stretch volumes, as `torch.distributions.transforms` has them."""
from __future__ import annotations

from .joining import CatTransform as CatTransform
from .joining import StackTransform as StackTransform
from .pointwise import AbsTransform as AbsTransform
from .pointwise import AffineTransform as AffineTransform
from .pointwise import CumulativeDistributionTransform as CumulativeDistributionTransform
from .pointwise import ExpTransform as ExpTransform
from .pointwise import PowerTransform as PowerTransform
from .pointwise import SigmoidTransform as SigmoidTransform
from .pointwise import SoftplusTransform as SoftplusTransform
from .pointwise import TanhTransform as TanhTransform
from .shaping import CorrCholeskyTransform as CorrCholeskyTransform
from .shaping import LowerCholeskyTransform as LowerCholeskyTransform
from .shaping import PositiveDefiniteTransform as PositiveDefiniteTransform
from .shaping import ReshapeTransform as ReshapeTransform
from .shaping import SoftmaxTransform as SoftmaxTransform
from .shaping import StickBreakingTransform as StickBreakingTransform
from .transform import ComposeTransform as ComposeTransform
from .transform import IndependentTransform as IndependentTransform
from .transform import Transform as Transform
from .transform import _InverseTransform as _InverseTransform
from .transform import identity_transform as identity_transform

__all__ = ["AbsTransform", "AffineTransform", "CatTransform", "ComposeTransform", "CorrCholeskyTransform",
           "CumulativeDistributionTransform", "ExpTransform", "IndependentTransform", "LowerCholeskyTransform",
           "PositiveDefiniteTransform", "PowerTransform", "ReshapeTransform", "SigmoidTransform", "SoftmaxTransform", "SoftplusTransform",
           "StackTransform", "StickBreakingTransform", "TanhTransform", "Transform", "identity_transform"]

"""Schedules of the learning rate."""
from __future__ import annotations

from .base import LRScheduler as LRScheduler
from .composed import ChainedScheduler as ChainedScheduler
from .composed import SequentialLR as SequentialLR
from .cosine import CosineAnnealingLR as CosineAnnealingLR
from .cosine import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts
from .cyclic import CyclicLR as CyclicLR
from .cyclic import OneCycleLR as OneCycleLR
from .factor import ConstantLR as ConstantLR
from .factor import ExponentialLR as ExponentialLR
from .factor import LambdaLR as LambdaLR
from .factor import LinearLR as LinearLR
from .factor import MultiplicativeLR as MultiplicativeLR
from .factor import MultiStepLR as MultiStepLR
from .factor import PolynomialLR as PolynomialLR
from .factor import StepLR as StepLR
from .plateau import ReduceLROnPlateau as ReduceLROnPlateau

_LRScheduler = LRScheduler

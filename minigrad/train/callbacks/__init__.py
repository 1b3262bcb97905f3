"""Callbacks: what a trainer tells, and to whom."""
from __future__ import annotations

from .base import Callback as Callback
from .base import LambdaCallback as LambdaCallback
from .checkpoint import ModelCheckpoint as ModelCheckpoint
from .display import GradientMonitor as GradientMonitor
from .display import LearningCurves as LearningCurves
from .display import ProgressBar as ProgressBar
from .freezing import Freeze as Freeze
from .logs import CSVLogger as CSVLogger
from .logs import TensorBoard as TensorBoard
from .pruning import Pruning as Pruning
from .schedule import LearningRateScheduler as LearningRateScheduler
from .schedule import ReduceLROnPlateau as ReduceLROnPlateau
from .stopping import EarlyStopping as EarlyStopping
from .stopping import NaNError as NaNError
from .stopping import TerminateOnNaN as TerminateOnNaN

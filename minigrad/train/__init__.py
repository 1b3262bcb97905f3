"""The training toolkit: a trainer, callbacks, metrics, a search for hyperparameters."""
from __future__ import annotations

from . import callbacks as callbacks
from . import metrics as metrics
from .history import History as History
from .searching import search as search
from .space import Range as Range
from .trainer import Trainer as Trainer

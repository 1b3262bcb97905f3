"""The training toolkit: a trainer, callbacks, metrics."""
from __future__ import annotations

from . import callbacks as callbacks
from . import metrics as metrics
from .history import History as History
from .trainer import Trainer as Trainer

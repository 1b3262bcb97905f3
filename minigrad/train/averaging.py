"""The mean of weights that a trainer keeps."""
from __future__ import annotations

from typing import Any

from ..nn.module import Module
from ..optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def averaged(model: Module, decay: float) -> AveragedModel:
    """A mean of a model's weights and running statistics that forgets at a rate of `decay` per step, and faster at first.

    After n steps the rate is min(decay, (1 + n) / (10 + n)), as TensorFlow's ExponentialMovingAverage has it: else the weights that
    training began from would count for long. Running statistics are averaged, too: the newest ones do not fit the mean of weights.
    """
    get_ema_multi_avg_fn(decay)                      # says what is wrong with it

    def average(means: Any, current: Any, steps: Any) -> None:
        n = int(steps)
        get_ema_multi_avg_fn(min(decay, (1 + n) / (10 + n)))(means, current, steps)

    return AveragedModel(model, multi_avg_fn=average, use_buffers=True)

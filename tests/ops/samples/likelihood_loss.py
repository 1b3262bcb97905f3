"""Samples of ops/likelihood_loss.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import expit, xlogy

from tests.ops.samples import Draw, S, samples
from tests.ops.samples.regression_loss import REDUCE


def bernoulli(x: Any, t: Any, weight: Any, reduction: str, pos_weight: Any = None) -> Any:
    p = 1 if pos_weight is None else pos_weight
    return REDUCE[reduction](-(t * p * np.log(x) + (1 - t) * np.log(1 - x)) * (1 if weight is None else weight))


@samples("bernoulli_nll", oracle=bernoulli)
def bernoulli_nll(r: Draw) -> Iterator[S]:
    for reduction in ("mean", "sum", "none"):
        yield S(r.unit(3, 4), r.unit(3, 4), None, reduction)
        yield S(r.unit(3, 4), r.unit(3, 4), r.positive(4), reduction)
    yield S(r.unit(), r.unit(), None, "mean")
    yield S(r.unit(0, 2), r.unit(0, 2), None, "sum")


@samples("bernoulli_logits_nll", oracle=lambda x, t, w, reduction, p: bernoulli(expit(x), t, w, reduction, p))
def bernoulli_logits_nll(r: Draw) -> Iterator[S]:
    for reduction in ("mean", "sum", "none"):
        yield S(r(3, 4), r.unit(3, 4), None, reduction, None)
        yield S(r(3, 4), r.unit(3, 4), r.positive(3, 1), reduction, r.positive(4))
    yield S(r(), r.unit(), None, "mean", None)
    yield S(r(0, 2), r.unit(0, 2), None, "sum", None)


def divergence(x: Any, t: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    return REDUCE[reduction](np.exp(t) * (t - x) if log_target else xlogy(t, t) - t * x)


@samples("kl", oracle=divergence)
def kl(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r.unit(3, 4))
    for reduction in ("mean", "sum", "none"):
        for log_target in (False, True):
            yield S(r(3, 4), r.unit(3, 4), reduction=reduction, log_target=log_target)
            yield S(r(3, 4), r.unit(1, 4), reduction=reduction, log_target=log_target)   # broadcasting
            yield S(r(1, 4), r.unit(3, 1), reduction=reduction, log_target=log_target)
    yield S(r(0, 2), r.unit(0, 2), reduction="sum")

"""Distributions to try: class -> parameters, as numbers and nested lists, which either library makes tensors of."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg

Parameters = dict[str, Any]

POSITIVE = [0.3, 1.0, 4.5]
PROBS = [[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]]
LOWER = [[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [-0.3, 0.2, 0.7]]
COVARIANCE = (np.array(LOWER) @ np.array(LOWER).T).tolist()
FACTOR = [[1.0, 0.2], [0.5, -1.0], [-0.3, 0.2]]

CASES: dict[str, list[Parameters]] = {
    "Bernoulli": [{"probs": [0.2, 0.5, 0.9]}, {"logits": [[-1.0], [2.0]]}, {"probs": 0.3}],
    "Beta": [{"concentration1": POSITIVE, "concentration0": [[2.0], [0.7]]}, {"concentration1": 0.5, "concentration0": 3.0}],
    "Binomial": [{"total_count": 7, "probs": [0.1, 0.6]},
                 {"total_count": [30.0, 50.0], "logits": [-1.0, 1.0]},
                 {"total_count": 3, "probs": 1.0}],
    "Categorical": [{"probs": PROBS}, {"logits": [1.0, -2.0, 0.0, 0.5]}, {"probs": [2.0, 0.0, 6.0]}],
    "Cauchy": [{"loc": [0.0, 1.0], "scale": [[1.0], [3.0]]}, {"loc": 0.5, "scale": 2.0}],
    "Chi2": [{"df": POSITIVE}],
    "ContinuousBernoulli": [{"probs": [0.2, 0.4995, 0.5, 0.9]}, {"logits": [-3.0, 0.001, 2.0]}, {"probs": 0.3}],
    "Dirichlet": [{"concentration": [[0.5, 2.0, 3.0], [0.2, 0.3, 0.4]]}, {"concentration": [4.0, 1.0]}],
    "Exponential": [{"rate": POSITIVE}, {"rate": 2.0}],
    "FisherSnedecor": [{"df1": [1.0, 3.0, 6.0], "df2": [2.0, 3.0, 5.0]}],
    "Gamma": [{"concentration": POSITIVE, "rate": [[0.5], [2.0]]}, {"concentration": 0.7, "rate": 1.5}],
    "GeneralizedPareto": [{"loc": [0.0, 1.0, -1.0], "scale": POSITIVE, "concentration": [0.3, 0.0, -0.5]},
                          {"loc": 0.0, "scale": 1.0, "concentration": [1.5, -1.0]}],
    "Geometric": [{"probs": [0.2, 0.6]}, {"logits": [[-1.0], [2.0]]}, {"probs": 0.3}],
    "Gumbel": [{"loc": [0.0, 1.0], "scale": [[1.0], [3.0]]}, {"loc": [0.5], "scale": 2.0}],
    "HalfCauchy": [{"scale": POSITIVE}, {"scale": 2.0}],
    "HalfNormal": [{"scale": POSITIVE}, {"scale": 2.0}],
    "InverseGamma": [{"concentration": [0.7, 1.5, 4.5], "rate": [[0.5], [2.0]]}],
    "Kumaraswamy": [{"concentration1": [0.5, 2.0, 3.0], "concentration0": [[2.0], [0.7]]}],
    "LKJCholesky": [{"dim": 3, "concentration": [0.5, 1.0, 3.0]}, {"dim": 2}, {"dim": 4, "concentration": 2.0}],
    "Laplace": [{"loc": [0.0, 1.0], "scale": [[1.0], [3.0]]}, {"loc": 0.5, "scale": 2.0}],
    "LogNormal": [{"loc": [0.0, 1.0], "scale": [[1.0], [0.3]]}],
    "LogisticNormal": [{"loc": [[0.0, 1.0], [0.5, -1.0]], "scale": [1.0, 0.3]}, {"loc": 0.5, "scale": 2.0}],
    "LowRankMultivariateNormal": [{"loc": [0.0, 1.0, 2.0], "cov_factor": FACTOR, "cov_diag": [0.5, 1.0, 2.0]},
                                  {"loc": [[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]], "cov_factor": FACTOR, "cov_diag": [[0.5, 1.0, 2.0]]}],
    "Multinomial": [{"total_count": 6, "probs": PROBS}, {"total_count": 3, "logits": [1.0, -2.0, 0.0]}],
    "MultivariateNormal": [{"loc": [0.0, 1.0, 2.0], "scale_tril": LOWER},
                           {"loc": [[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]], "covariance_matrix": COVARIANCE},
                           {"loc": [0.0, 1.0, 2.0], "precision_matrix": [COVARIANCE, COVARIANCE]}],
    "NegativeBinomial": [{"total_count": [3.0, 0.5], "probs": [[0.2], [0.6]]}, {"total_count": 4, "logits": [-1.0, 1.0]}],
    "Normal": [{"loc": [0.0, 1.0], "scale": [[1.0], [3.0]]}, {"loc": 0.5, "scale": 2.0}],
    "OneHotCategorical": [{"probs": PROBS}, {"logits": [1.0, -2.0, 0.0, 0.5]}],
    "OneHotCategoricalStraightThrough": [{"probs": PROBS}, {"logits": [1.0, -2.0, 0.0, 0.5]}],
    "Pareto": [{"scale": [0.5, 2.0], "alpha": [[0.7], [1.5], [3.0]]}],
    "Poisson": [{"rate": [0.5, 3.0, 25.0]}, {"rate": [0.0, 2.0]}],
    "RelaxedBernoulli": [{"temperature": [0.7], "probs": [0.2, 0.5, 0.9]}, {"temperature": [2.0], "logits": [-1.0, 0.0]}],
    "RelaxedOneHotCategorical": [{"temperature": [0.7], "probs": PROBS}, {"temperature": [2.0], "logits": [1.0, -2.0, 0.0, 0.5]}],
    "StudentT": [{"df": [0.7, 1.5, 5.0], "loc": [0.0, 1.0, 2.0], "scale": [[1.0], [3.0]]}, {"df": 3.0}],
    "Uniform": [{"low": [0.0, -1.0], "high": [[1.0], [3.0]]}, {"low": -0.5, "high": 2.0}],
    "VonMises": [{"loc": [0.0, 1.0], "concentration": [[0.5], [8.0]]}],
    "Weibull": [{"scale": POSITIVE, "concentration": [[0.7], [2.0]]}],
    "Wishart": [{"df": [4.0, 6.5], "covariance_matrix": COVARIANCE},
                {"df": 5.0, "scale_tril": LOWER},
                {"df": [5.0], "precision_matrix": COVARIANCE}],
}

# Gradients of these draws are implicit ones, which PyTorch approximates.
IMPLICIT = ("Beta", "Chi2", "Dirichlet", "FisherSnedecor", "Gamma", "InverseGamma", "StudentT", "Wishart")
DTYPES = {"GeneralizedPareto": "float32"}             # PyTorch's works in the default dtype only
DRAWN_OTHERWISE = ("Wishart",)                       # PyTorch draws again what is not singular

# The first case of each class always, the others where there is time.
EVERY = [pytest.param(name, i, marks=pytest.mark.slow if i else ()) for name, cases in CASES.items() for i in range(len(cases))]


def build(library: Any, name: str, parameters: Parameters, **options: Any) -> tuple[Any, list[Any]]:
    """A distribution of one of the libraries, and those of its parameters that are tensors, which require grad."""
    made, live = {}, []
    dtype = getattr(library, DTYPES.get(name, "float64"))
    for key, value in parameters.items():
        if isinstance(value, list):
            made[key] = library.tensor(value, dtype=dtype, requires_grad=True)
            live.append(made[key])
        else:
            made[key] = value
    return getattr(library.distributions, name)(**made, **options), live


def both(name: str, i: int, **options: Any) -> list[tuple[Any, Any, list[Any]]]:
    """(library, distribution, parameters) of PyTorch and of minigrad."""
    torch = pytest.importorskip("torch")
    return [(library, *build(library, name, CASES[name][i], **options)) for library in (torch, mg)]

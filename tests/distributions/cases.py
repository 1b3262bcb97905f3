"""Distributions to try: class -> parameters, as numbers and nested lists, which either library makes tensors of."""
from __future__ import annotations

from typing import Any

import numpy as np

Parameters = dict[str, Any]

POSITIVE = [0.3, 1.0, 4.5]
PROBS = [[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]]
LOWER = [[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [-0.3, 0.2, 0.7]]
COVARIANCE = (np.array(LOWER) @ np.array(LOWER).T).tolist()
FACTOR = [[1.0, 0.2], [0.5, -1.0], [-0.3, 0.2]]

CASES: dict[str, list[Parameters]] = {
    "Bernoulli": [dict(probs=[0.2, 0.5, 0.9]), dict(logits=[[-1.0], [2.0]]), dict(probs=0.3)],
    "Beta": [dict(concentration1=POSITIVE, concentration0=[[2.0], [0.7]]), dict(concentration1=0.5, concentration0=3.0)],
    "Binomial": [dict(total_count=7, probs=[0.1, 0.6]), dict(total_count=[30.0, 50.0], logits=[-1.0, 1.0]), dict(total_count=3, probs=1.0)],
    "Categorical": [dict(probs=PROBS), dict(logits=[1.0, -2.0, 0.0, 0.5]), dict(probs=[2.0, 0.0, 6.0])],
    "Cauchy": [dict(loc=[0.0, 1.0], scale=[[1.0], [3.0]]), dict(loc=0.5, scale=2.0)],
    "Chi2": [dict(df=POSITIVE)],
    "ContinuousBernoulli": [dict(probs=[0.2, 0.4995, 0.5, 0.9]), dict(logits=[-3.0, 0.001, 2.0]), dict(probs=0.3)],
    "Dirichlet": [dict(concentration=[[0.5, 2.0, 3.0], [0.2, 0.3, 0.4]]), dict(concentration=[4.0, 1.0])],
    "Exponential": [dict(rate=POSITIVE), dict(rate=2.0)],
    "FisherSnedecor": [dict(df1=[1.0, 3.0, 6.0], df2=[2.0, 3.0, 5.0])],
    "Gamma": [dict(concentration=POSITIVE, rate=[[0.5], [2.0]]), dict(concentration=0.7, rate=1.5)],
    "GeneralizedPareto": [dict(loc=[0.0, 1.0, -1.0], scale=POSITIVE, concentration=[0.3, 0.0, -0.5]),
                          dict(loc=0.0, scale=1.0, concentration=[1.5, -1.0])],
    "Geometric": [dict(probs=[0.2, 0.6]), dict(logits=[[-1.0], [2.0]]), dict(probs=0.3)],
    "Gumbel": [dict(loc=[0.0, 1.0], scale=[[1.0], [3.0]]), dict(loc=[0.5], scale=2.0)],
    "HalfCauchy": [dict(scale=POSITIVE), dict(scale=2.0)],
    "HalfNormal": [dict(scale=POSITIVE), dict(scale=2.0)],
    "InverseGamma": [dict(concentration=[0.7, 1.5, 4.5], rate=[[0.5], [2.0]])],
    "Kumaraswamy": [dict(concentration1=[0.5, 2.0, 3.0], concentration0=[[2.0], [0.7]])],
    "LKJCholesky": [dict(dim=3, concentration=[0.5, 1.0, 3.0]), dict(dim=2), dict(dim=4, concentration=2.0)],
    "Laplace": [dict(loc=[0.0, 1.0], scale=[[1.0], [3.0]]), dict(loc=0.5, scale=2.0)],
    "LogNormal": [dict(loc=[0.0, 1.0], scale=[[1.0], [0.3]])],
    "LogisticNormal": [dict(loc=[[0.0, 1.0], [0.5, -1.0]], scale=[1.0, 0.3]), dict(loc=0.5, scale=2.0)],
    "LowRankMultivariateNormal": [dict(loc=[0.0, 1.0, 2.0], cov_factor=FACTOR, cov_diag=[0.5, 1.0, 2.0]),
                                  dict(loc=[[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]], cov_factor=FACTOR, cov_diag=[[0.5, 1.0, 2.0]])],
    "Multinomial": [dict(total_count=6, probs=PROBS), dict(total_count=3, logits=[1.0, -2.0, 0.0])],
    "MultivariateNormal": [dict(loc=[0.0, 1.0, 2.0], scale_tril=LOWER), dict(loc=[[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]], covariance_matrix=COVARIANCE),
                           dict(loc=[0.0, 1.0, 2.0], precision_matrix=[COVARIANCE, COVARIANCE])],
    "NegativeBinomial": [dict(total_count=[3.0, 0.5], probs=[[0.2], [0.6]]), dict(total_count=4, logits=[-1.0, 1.0])],
    "Normal": [dict(loc=[0.0, 1.0], scale=[[1.0], [3.0]]), dict(loc=0.5, scale=2.0)],
    "OneHotCategorical": [dict(probs=PROBS), dict(logits=[1.0, -2.0, 0.0, 0.5])],
    "OneHotCategoricalStraightThrough": [dict(probs=PROBS), dict(logits=[1.0, -2.0, 0.0, 0.5])],
    "Pareto": [dict(scale=[0.5, 2.0], alpha=[[0.7], [1.5], [3.0]])],
    "Poisson": [dict(rate=[0.5, 3.0, 25.0]), dict(rate=[0.0, 2.0])],
    "RelaxedBernoulli": [dict(temperature=[0.7], probs=[0.2, 0.5, 0.9]), dict(temperature=[2.0], logits=[-1.0, 0.0])],
    "RelaxedOneHotCategorical": [dict(temperature=[0.7], probs=PROBS), dict(temperature=[2.0], logits=[1.0, -2.0, 0.0, 0.5])],
    "StudentT": [dict(df=[0.7, 1.5, 5.0], loc=[0.0, 1.0, 2.0], scale=[[1.0], [3.0]]), dict(df=3.0)],
    "Uniform": [dict(low=[0.0, -1.0], high=[[1.0], [3.0]]), dict(low=-0.5, high=2.0)],
    "VonMises": [dict(loc=[0.0, 1.0], concentration=[[0.5], [8.0]])],
    "Weibull": [dict(scale=POSITIVE, concentration=[[0.7], [2.0]])],
    "Wishart": [dict(df=[4.0, 6.5], covariance_matrix=COVARIANCE), dict(df=5.0, scale_tril=LOWER), dict(df=[5.0], precision_matrix=COVARIANCE)],
}

# Gradients of these draws are implicit ones, which PyTorch approximates.
IMPLICIT = ("Beta", "Chi2", "Dirichlet", "FisherSnedecor", "Gamma", "InverseGamma", "StudentT", "Wishart")
DRAWN_OTHERWISE = ("Wishart",)                       # PyTorch draws again what is not singular

EVERY = [(name, i) for name, cases in CASES.items() for i in range(len(cases))]


def build(library: Any, name: str, parameters: Parameters, **options: Any) -> tuple[Any, list[Any]]:
    """A distribution of one of the libraries, and those of its parameters that are float64 tensors, which require grad."""
    made, live = {}, []
    for key, value in parameters.items():
        if isinstance(value, list):
            made[key] = library.tensor(value, dtype=library.float64, requires_grad=True)
            live.append(made[key])
        else:
            made[key] = value
    return getattr(library.distributions, name)(**made, **options), live


def both(name: str, i: int, **options: Any) -> list[tuple[Any, Any, list[Any]]]:
    """(library, distribution, parameters) of PyTorch and of minigrad."""
    import pytest

    import minigrad
    torch = pytest.importorskip("torch")
    return [(library, *build(library, name, CASES[name][i], **options)) for library in (torch, minigrad)]

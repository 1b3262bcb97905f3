"""Every op under vmap gives what it gives sample by sample: values and gradients, for every sample of the contract tests."""
from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.batching.dispatch import RULES
from minigrad.engine.node import wrap
from minigrad.engine.op import OPS
from minigrad.func import vmap
from tests.ops.test_contract import FUNCTIONS, SAMPLES

RANDOM = {name for name, entry in SAMPLES.items() if entry.unchecked.startswith("random")}
BY_VALUE = {"masked_select", "nonzero_positions"}    # the shape of the result depends on the values: refused
NAMES = sorted(set(OPS) & set(SAMPLES) - RANDOM - BY_VALUE)
N = 3


def shrunk(x: np.ndarray, by: float) -> np.ndarray:
    """Other values of the same kind, in the domain of the op."""
    return np.asarray(x * by, x.dtype) if x.dtype.kind in "fc" else x.copy()


def cases(name: str) -> Iterator[tuple[Any, list[list[Any]], list[int]]]:
    """A sample's arguments for each of N samples, and the places of those that differ, for each choice of batched inputs."""
    op = OPS[name]
    for sample in SAMPLES[name].draw():
        values = op.bind(sample.args, sample.kwargs)
        tensors = [i for i in op.tensors if isinstance(values[i], np.ndarray) or i in op.sequences and values[i]]
        for chosen in [tensors, *([[i] for i in tensors] if len(tensors) > 1 else [])]:
            rows = []
            for k in range(N):
                row = list(values)
                for i in tensors:
                    by = 1 - 0.1 * k if i in chosen else 1.0
                    row[i] = [shrunk(v, by) for v in values[i]] if i in op.sequences else shrunk(values[i], by)
                rows.append(row)
            yield sample, rows, chosen


def run(name: str, rows: list[list[Any]], chosen: list[int]) -> tuple[list[Any], list[list[Any]]]:
    """The outputs under vmap, and those of each sample alone."""
    op, function = OPS[name], FUNCTIONS[name]
    n = op.positional

    def call(*inputs: Any) -> Any:
        row = list(rows[0])
        for i in op.tensors:                         # those that all samples share
            if isinstance(row[i], np.ndarray):
                row[i] = wrap(row[i].copy())
            elif i in op.sequences and row[i]:
                row[i] = [wrap(v.copy()) for v in row[i]]
        for i, value in zip(chosen, inputs, strict=True):
            row[i] = value
        out = function(*row[:n], **dict(zip(op.names[n:], row[n:], strict=True)))
        return tuple(out) if isinstance(out, (tuple, list)) else (out,)

    def tensor(row: list[Any], i: int) -> Any:
        return [wrap(v.copy()) for v in row[i]] if i in op.sequences else wrap(row[i].copy())

    def stacked(i: int) -> Any:
        if i in op.sequences:
            return [wrap(np.stack([row[i][j] for row in rows])) for j in range(len(rows[0][i]))]
        return wrap(np.stack([row[i] for row in rows]))
    alone = [list(call(*[tensor(row, i) for i in chosen])) for row in rows]
    return list(vmap(call)(*[stacked(i) for i in chosen])), alone


@pytest.mark.parametrize("name", NAMES)
def test_values(name: str) -> None:
    for sample, rows, chosen in cases(name):
        if not chosen:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            together, alone = run(name, rows, chosen)
        for j, out in enumerate(together):
            expected = np.stack([row[j].array for row in alone])
            assert out.array.dtype == expected.dtype, f"{sample}: dtype {out.array.dtype}, expected {expected.dtype}"
            assert out.shape == expected.shape, f"{sample} over {chosen}: shape {out.shape}, expected {expected.shape}"
            np.testing.assert_allclose(out.array, expected, rtol=1e-5, atol=1e-6, err_msg=f"{sample} over {chosen}")


def test_rules_are_for_ops_that_exist() -> None:
    assert sorted(set(RULES) - set(OPS)) == []


def test_what_depends_on_values_is_refused() -> None:
    x = mg.tensor([[1.0, 0.0], [1.0, 1.0]])
    with pytest.raises(NotImplementedError, match=r"nonzero .*depends on the values of its input; use a mask and where\(\) instead"):
        vmap(mg.nonzero)(x)
    with pytest.raises(NotImplementedError, match=r"x\[mask\] has depends on the values of the mask"):
        vmap(lambda t: t[t > 0])(x)

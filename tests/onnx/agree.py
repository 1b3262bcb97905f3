"""What every test of export does: write the graph, check it, run it by onnx's own evaluator, and compare."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg

onnx = pytest.importorskip("onnx")


def exported(model: Any, *args: Any, **options: Any) -> Any:
    """The program, valid by onnx's checker, shapes included."""
    program = mg.onnx.export(model, args, **options)
    onnx.checker.check_model(program.model_proto, full_check=True)
    return program


def outputs_of(model: Any, args: tuple[Any, ...]) -> list[mg.Tensor]:
    if isinstance(model, mg.nn.Module):
        model.eval()
    with mg.no_grad():
        return mg.onnx.recorder.tensors_of(model(*[a.clone() for a in args]))


def agrees(model: Any, *args: mg.Tensor, others: tuple[mg.Tensor, ...] | None = None, tolerance: float = 1e-4, **options: Any) -> Any:
    """Export with `args`, and compare the outputs for them, or for `others`, of other sizes."""
    program = exported(model, *args, **options)
    for inputs in (args, others) if others is not None else (args,):
        wanted, got = outputs_of(model, inputs), program(*inputs)
        assert len(got) == len(wanted)
        for a, b in zip(got, wanted):
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=tolerance, atol=tolerance)
    return program


def kinds(program: Any) -> list[str]:
    return sorted({node.op_type for node in program.model_proto.graph.node})


def names(program: Any) -> set[str]:
    return {tensor.name for tensor in program.model_proto.graph.initializer}

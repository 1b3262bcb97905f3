"""export: from a model and an example of its inputs to a file in ONNX.

The model is run a few times: on the inputs given, and on others, longer along every dynamic axis. What differs between the runs
tells which numbers follow the sizes of the inputs; what follows their values, or chance, is refused, as a graph would have it fixed.
"""
from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from os import PathLike
from pathlib import Path
from typing import IO, Any

import numpy as np

from .._tensor import Tensor
from ..engine.mode import no_grad
from ..engine.node import wrap
from ..errors import ArgumentError, ArgumentTypeError, describe
from ..nn.module import Module
from ..random import get_rng_state, set_rng_state
from ..serialization import write_atomically
from . import indexing, layers, recurrent, table
from .example import Example
from .graph import need_onnx
from .recorder import Recorder, tensors_of
from .sizes import Runs
from .table import Converter
from .writer import OPSET, Writer

TWO_GIGABYTES = 2**31 - 2**20                        # the most that one protobuf holds
CONVERTERS: dict[str, Converter] = {**table.TABLE, **layers.TABLE, **indexing.TABLE, **recurrent.TABLE}
_running = False


class TrainingMode(Enum):
    """In which mode the model runs during export."""
    EVAL = 0
    PRESERVE = 1
    TRAINING = 2


class ONNXProgram:
    """An exported model. model_proto: the `onnx.ModelProto`."""

    def __init__(self, model_proto: Any) -> None:
        self.model_proto = model_proto

    def save(self, destination: str | PathLike[str] | IO[bytes]) -> None:
        """Write the file; weights beyond two gigabytes go into a second one beside it."""
        if hasattr(destination, "write"):
            destination.write(self.model_proto.SerializeToString())
        elif sum(len(t.raw_data) for t in self.model_proto.graph.initializer) < TWO_GIGABYTES:
            write_atomically(Path(destination), self.model_proto.SerializeToString())
        else:
            beside = f"{Path(destination).name}.data"
            need_onnx().save_model(self.model_proto, str(destination), save_as_external_data=True, location=beside)

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Tensor, ...]:
        """Run the graph by onnx's reference evaluator, which is slow and right."""
        need_onnx()
        from onnx.reference import ReferenceEvaluator
        names = [i.name for i in self.model_proto.graph.input]
        feeds = {name: t.array for name, t in zip(names, tensors_of([list(args), kwargs]))}
        return tuple([wrap(np.asarray(out)) for out in ReferenceEvaluator(self.model_proto).run(None, feeds)])

    def __repr__(self) -> str:
        graph = self.model_proto.graph
        return f"ONNXProgram({len(graph.node)} nodes, inputs {[i.name for i in graph.input]}, outputs {[o.name for o in graph.output]})"


def is_in_onnx_export() -> bool:
    """True while a model runs for `export`."""
    return _running


def export(model: Module | Callable[..., Any], args: Any = (), f: str | PathLike[str] | IO[bytes] | None = None, *,
           kwargs: Mapping[str, Any] | None = None, input_names: Sequence[str] | None = None, output_names: Sequence[str] | None = None,
           opset_version: int | None = None, dynamic_axes: Mapping[str, Any] | None = None, dynamic_shapes: Any = None,
           training: TrainingMode = TrainingMode.EVAL, custom_translation_table: Mapping[str, Converter] | None = None,
           **ignored: Any) -> ONNXProgram:
    """Write a model as an ONNX graph, its parameters named by their place in the model; needs the library `onnx`.

    args: an example of the inputs, a tuple or one tensor. f: a path or a binary file; None only returns the program.
    input_names, output_names: by default those of forward's parameters, and output, output_1, ...
    dynamic_axes: {"x": {0: "batch"}} or {"x": [0]}, the axes of inputs whose size shall be free; dynamic_shapes says the same in a tuple
    or a dictionary by parameter. opset_version: 18 by default; lower ones by onnx's own converter.
    custom_translation_table: converters for more ops, by name: called with the graph (`k.Relu(x)` adds a node) and the op's arguments.
    PyTorch's other options (verbose, dynamo, export_params, do_constant_folding, ...) are taken and make no difference.

    Raises UnsupportedError for an op that has no converter, and for whatever depends on the inputs in a way that a graph cannot follow;
    it names the op, the line and the module.
    """
    global _running
    need_onnx()
    unknown = set(ignored) - TAKEN
    if unknown:
        raise ArgumentTypeError(f"export: got an unexpected keyword argument {min(unknown)!r}")
    example = Example(model, args, kwargs)
    example.name(input_names, dynamic_axes, dynamic_shapes)
    if strange := set(dynamic_axes or ()) - {*example.names, *(output_names or ())}:
        warnings.warn(f"export: dynamic_axes names {min(strange)!r}, which is no input or output; the inputs are "
                      f"{', '.join(example.names)}", stacklevel=2)
    with _prepared(model, training), no_grad():
        _running = True
        try:
            recorders, results = zip(*[_recorded(model, inputs, sizes) for inputs, sizes in example.variants()])
        finally:
            _running = False
        runs = Runs([r.steps for r in recorders], [sizes for _, sizes in example.variants()])
        program = ONNXProgram(Writer(runs, example, {**CONVERTERS, **(custom_translation_table or {})}).written(results, output_names))
    program.model_proto = _in_opset(program.model_proto, OPSET if opset_version is None else opset_version)
    if f is not None:
        program.save(f)
    return program


TAKEN = frozenset((
    "verbose", "dynamo", "export_params", "do_constant_folding", "keep_initializers_as_inputs", "operator_export_type", "external_data",
    "custom_opsets", "export_modules_as_functions", "autograd_inlining", "report", "optimize", "verify", "profile",
    "dump_exported_program", "artifacts_dir", "fallback"))


# ---------------------------------------------------------------- running the model
@contextmanager
def _prepared(model: Any, training: TrainingMode) -> Iterator[None]:
    """The model in the right mode; afterwards all is as before: modes, buffers, the state of chance."""
    modules = list(model.modules()) if isinstance(model, Module) else []
    modes = [m.training for m in modules]
    buffers = [(b, b.array.copy()) for m in modules for b in m._buffers.values() if b is not None]
    chance = get_rng_state()
    if training is not TrainingMode.PRESERVE and isinstance(model, Module):
        model.train(training is TrainingMode.TRAINING)
    try:
        yield
    finally:
        for m, mode in zip(modules, modes):
            m.training = mode
        for b, array in buffers:
            b.array[...] = array
        set_rng_state(chance)


def _recorded(model: Any, inputs: tuple[list[Tensor], Any], sizes: dict[str, int]) -> tuple[Recorder, Any]:
    tensors, (args, kwargs) = inputs
    recorder = Recorder()
    if isinstance(model, Module):
        recorder.name(model.named_parameters())
        recorder.name(model.named_buffers())
    recorder.inputs = recorder.name([(f"input {i}", t) for i, t in enumerate(tensors)])
    try:
        result = recorder.run(lambda: model(*args, **kwargs))
    except Exception as error:
        error.add_note(f"minigrad: the model ran for export with inputs {', '.join(describe(t) for t in tensors)}"
                       + (f", to learn what follows the dynamic axes {', '.join(sizes)}" if sizes else ""))
        raise
    outputs = [recorder.value_of(t) for t in tensors_of(result)]
    if not outputs:
        raise ArgumentTypeError(f"export: the model must return Tensors; got {describe(result)}")
    return recorder, outputs


def _in_opset(model: Any, version: int) -> Any:
    """The model in another version of ONNX's set of ops; as it is, with a warning, where onnx cannot convert it."""
    onnx = need_onnx()
    if version == OPSET:
        return model
    if version > onnx.defs.onnx_opset_version():
        raise ArgumentError(f"export: opset_version {version} is later than the installed onnx knows, {onnx.defs.onnx_opset_version()}")
    import onnx.version_converter
    try:
        return onnx.version_converter.convert_version(model, version)
    except Exception as error:
        reason = str(error).rpartition(":")[2].strip()[:200]
        warnings.warn(f"export: onnx cannot bring the model to opset_version={version} ({reason}); it is written in opset {OPSET}",
                      stacklevel=3)
        return model

"""From the merged runs of a model to an ONNX graph: the steps that the outputs need, in order."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..backend import backend_of
from ..engine.op import OPS
from ..errors import ArgumentError, UnsupportedError
from .example import Example
from .graph import Graph, Ref
from .recorder import Value
from .sizes import Family, Runs, Size
from .table import Converter

OPSET = 18                                           # what the converters write


class Writer:
    """Writes one graph."""

    def __init__(self, runs: Runs, example: Example, converters: Mapping[str, Converter]) -> None:
        self.runs, self.example, self.converters = runs, example, converters
        self.graph = Graph()
        self.refs: dict[int, Ref] = {}
        runs.check()

    def written(self, results: Sequence[list[Value]], output_names: Sequence[str] | None) -> Any:
        """The model."""
        onnx, graph = self.graph.onnx, self.graph
        inputs = []
        for name, t, free in zip(self.example.names, self.example.tensors, self.example.axes):
            shape = [free.get(d, n) for d, n in enumerate(t.shape)]
            inputs.append(onnx.helper.make_tensor_value_info(name, _onnx_dtype(onnx, t.array.dtype), shape))
            graph.fresh(name)
            for d, symbol in free.items():
                graph.inputs.setdefault(symbol, (name, d))
        outputs = list(zip(*results))
        if len({len(r) for r in results}) > 1:
            raise UnsupportedError("export: the model returned another number of tensors when its inputs had other values or sizes")
        for n in sorted(self.needed(outputs)):
            self.convert(n)
        names = [f"output_{i}" if i else "output" for i in range(len(outputs))]
        names[:len(output_names or ())] = list(output_names or ())
        if len(names) > len(outputs):
            raise ArgumentError(f"export: {len(names)} output_names for {len(outputs)} outputs")
        infos = self.named(outputs, names)
        nodes = _alive(graph.nodes, names)
        used = {name for node in nodes for name in node.input}
        tensors = [onnx.numpy_helper.from_array(backend_of(a).to_host(a) if not isinstance(a, np.ndarray) else a, name)
                   for name, a in graph.initializers.items() if name in used]
        made = onnx.helper.make_graph(nodes, "minigrad", inputs, infos, tensors)
        opset = onnx.helper.make_opsetid("", OPSET)
        return onnx.helper.make_model(made, opset_imports=[opset], producer_name="minigrad",
                                      ir_version=onnx.helper.find_min_ir_version_for([opset]))

    def needed(self, outputs: Sequence[Sequence[Value]]) -> set[int]:
        """The numbers of the steps that lead to the outputs."""
        found: set[int] = set()
        at = {id(step): n for n, step in enumerate(self.runs.steps[0])}
        todo: list[tuple[Sequence[Value], str]] = [(values, "the result") for values in outputs]
        while todo:
            values, place = todo.pop()
            value = self.runs.value(values, place)
            if isinstance(value, Family) or value.name or value.array is not None and self.constant(values):
                continue
            n = at[id(value.step)]
            if n not in found:
                found.add(n)
                steps = [run[n] for run in self.runs.steps]
                todo += [(parts, str(steps[0])) for parts in _together([s.args for s in steps])]
        return found

    def constant(self, values: Sequence[Value]) -> bool:
        """Whether a value is the same in all runs."""
        first = values[0]
        return all(v.array is not None and v.array.shape == first.array.shape and np.array_equal(v.array, first.array, equal_nan=True)
                   if first.dtype.kind in "fc" else v.array is not None and np.array_equal(v.array, first.array) for v in values)

    def ref(self, values: Sequence[Value], place: str) -> Ref:
        """A value in the graph."""
        first, graph = values[0], self.graph
        if id(first) not in self.refs:
            value = self.runs.value(values, place)
            if isinstance(value, Family):
                made = graph.family(value)
            elif value.name.startswith("input "):
                i = int(value.name.removeprefix("input "))
                free = self.example.axes[i]
                shape = tuple([Size(1, (free[d],)) if d in free else n for d, n in enumerate(value.shape)])
                made = Ref(graph, self.example.names[i], shape, value.dtype)
            elif value.name:
                made = graph.initializer(value.name, value.array)
            elif value.array is not None:
                made = graph.constant(backend_of(value.array).to_host(value.array))
            else:
                raise UnsupportedError(f"export: {value.step}: its result {value.index}, which {place} takes, has no counterpart in ONNX")
            self.refs[id(first)] = made
        return self.refs[id(first)]

    def argument(self, things: Sequence[Any], place: str) -> Any:
        """One argument of an op, for its converter: tensors as Refs."""
        first = things[0]
        if isinstance(first, Value):
            return self.ref(things, place)
        if isinstance(first, list) and len({len(t) for t in things}) == 1:
            return [self.argument(parts, place) for parts in zip(*things)]
        return self.runs.merged(things, place)

    def convert(self, n: int) -> None:
        """Add the nodes of one step."""
        steps, graph = [run[n] for run in self.runs.steps], self.graph
        step = steps[0]
        graph.scope, graph.dtype = step.path, step.results[0].dtype
        if step.op not in self.converters:
            raise UnsupportedError(f"export: {step} has no counterpart in ONNX here; write it with ops that have, or give a "
                                   f"converter: custom_translation_table={{{step.op!r}: lambda k, ...: k.Name(...)}}")
        args = [self.argument(things, str(step)) for things in zip(*[s.args for s in steps])]
        if step.dtype is not None:
            args = [self.promoted(a, step.dtype) if i in OPS[step.op].promoted else a for i, a in enumerate(args)]
        try:
            made = self.converters[step.op](graph, *args)
        except UnsupportedError as error:
            raise UnsupportedError(f"export: {step}: {error}") from None
        except (TypeError, ValueError, IndexError, AssertionError) as error:
            if "Size(" not in repr([a.shape if isinstance(a, Ref) else a for a in args]):
                raise
            raise UnsupportedError(f"export: {step} cannot have a dynamic axis here; fix that size") from error
        for i, (value, ref) in enumerate(zip(step.results, made if isinstance(made, tuple) else (made,))):
            ref = graph.cast(ref, value.dtype)
            shape = self.runs.shape([s.results[i] for s in steps], str(step))
            self.refs[id(value)] = Ref(graph, ref.name, shape, value.dtype)
            graph.made[ref.name] = (step.op, args)

    def promoted(self, value: Any, dtype: Any) -> Any:
        """An operand in the dtype that the op promotes to."""
        if isinstance(value, list):
            return [self.promoted(v, dtype) for v in value]
        if isinstance(value, Ref):
            return self.graph.cast(value, dtype)
        return value if value is None else self.graph.constant(value, dtype)

    def named(self, outputs: Sequence[Sequence[Value]], names: list[str]) -> list[Any]:
        """The outputs under their names."""
        onnx, graph = self.graph.onnx, self.graph
        graph.scope = ""
        made = {name for node in graph.nodes for name in node.output}
        renamed: dict[str, str] = {}
        infos = []
        for values, name in zip(outputs, names):
            ref = self.ref(values, "the result")
            if ref.name not in made or ref.name in renamed:
                ref = graph.Identity(ref)
            renamed[ref.name] = name
            shape = self.runs.shape(values, "the result")
            infos.append(onnx.helper.make_tensor_value_info(name, _onnx_dtype(onnx, values[0].dtype),
                                                            [str(n) if isinstance(n, Size) else n for n in shape]))
        for node in graph.nodes:
            node.input[:] = [renamed.get(name, name) for name in node.input]
            node.output[:] = [renamed.get(name, name) for name in node.output]
        return infos


def _together(lists: Sequence[Any]) -> Iterator[tuple[Value, ...]]:
    """The Values of the same arguments of all runs."""
    first = lists[0]
    if isinstance(first, Value):
        yield tuple(lists)
    elif isinstance(first, list):
        for parts in zip(*lists):
            yield from _together(parts)


def _alive(nodes: list[Any], outputs: list[str]) -> list[Any]:
    """The nodes that lead to an output."""
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    return kept[::-1]


def _onnx_dtype(onnx: Any, dtype: Any) -> int:
    return int(onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

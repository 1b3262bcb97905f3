"""From tensors to a backward pass: seeds, checks, and what comes back."""
from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from ..backend import backend_of, has_values
from ..errors import ArgumentTypeError, DtypeError, GraphError, ShapeError, UnsupportedError, describe
from .inplace import node_of
from .mode import local
from .node import Node, Pick, TensorBase, wrap
from .run import run

# Gradients for many seeds at once; autograd/ hands it in.
batched_grads: Any = None


class GradientEdge(NamedTuple):
    """A place in the graph where a gradient arrives, of output `output_nr` of what a node computed; it stands for the tensor there."""
    node: Node
    output_nr: int
    ownership_token: Node | None = None


def root_of(t: Any) -> Node:
    """The node that a backward pass starts from."""
    if not isinstance(t, TensorBase):
        raise ArgumentTypeError(f"backward: starts from Tensors; got {describe(t)}")
    if not has_values(t.array):
        raise UnsupportedError("backward: a batched tensor inside vmap has a gradient per sample; use func.grad or func.vjp")
    node = node_of(t)
    if node is None:
        raise GraphError("backward: element 0 of tensors does not require grad and does not have a grad_fn; nothing in it came "
                         f"from a tensor with requires_grad=True, or it was made under no_grad(); got {describe(t)}")
    if local.mode.anomaly is not None:
        local.mode.anomaly.look_at_root(t)
    return node


def seed(t: Any, gradient: Any, create_graph: bool) -> Any:
    """The gradient that a pass starts with: given, or 1 for a scalar."""
    if gradient is None:
        if t.array.size != 1:
            made = f", made at {t.node.where()}" if t.node is not None and t.node.op is not None else ""
            raise GraphError(f"backward: grad can be implicitly created only for scalar outputs; got {describe(t)}{made}; "
                             "reduce it with .sum() or .mean(), or pass gradient=")
        if t.array.dtype.kind == "c":
            raise GraphError(f"backward: grad can be implicitly created only for real scalar outputs but got {t.array.dtype}")
        ones = backend_of(t.array).xp.ones(t.array.shape, t.array.dtype)
        return wrap(ones) if create_graph else ones
    if not isinstance(gradient, TensorBase):
        raise ArgumentTypeError(f"backward: gradients can be either Tensors or None; got {describe(gradient)}")
    if gradient.array.shape != t.array.shape:
        raise ShapeError(f"backward: Mismatch in shape: grad_output {describe(gradient)} and output {describe(t)} must have the same shape")
    if (gradient.array.dtype.kind == "c") != (t.array.dtype.kind == "c"):
        raise DtypeError(f"backward: for complex outputs the gradient must be complex and for real ones real; got {describe(gradient)} "
                         f"for {describe(t)}")
    return gradient if create_graph else gradient.array


def as_list(value: Any) -> list[Any]:
    """One tensor or several, as a list; an edge of the graph is one, as a tensor without memory."""
    several = list(value) if isinstance(value, (list, tuple)) and not isinstance(value, GradientEdge) else [value]
    return [at_edge(t) if isinstance(t, GradientEdge) else t for t in several]


def at_edge(edge: GradientEdge) -> Any:
    """What stands for the tensor at an edge: its shape and dtype, and where its gradient goes."""
    node, nr = edge.node, edge.output_nr
    several = node.op is not None and node.op.several and not isinstance(node, Pick)
    shape, dtype = (node.shape[nr], node.dtype[nr]) if several else (node.shape, node.dtype)
    like = np.broadcast_to(np.zeros((), dtype), shape)
    return wrap(like, Pick(node, nr, like) if several else node)


def backward(tensors: Any, grad_tensors: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
             grad_variables: Any = None, inputs: Any = None) -> None:
    """Add to `.grad` of every leaf (or of `inputs` only) the gradient of the sum of `tensors`, each weighted by its `grad_tensors`.

    grad_variables: the old name of grad_tensors. inputs: a tensor, a sequence of them or a dictionary.
    Raises GraphError for a tensor without a graph, a non-scalar without a gradient, or a graph whose buffers are freed.
    """
    if grad_variables is not None:
        if grad_tensors is not None:
            raise GraphError("backward: got grad_tensors and grad_variables, which is its old name; give grad_tensors alone")
        warnings.warn("backward: grad_variables is deprecated; write grad_tensors", FutureWarning, stacklevel=2)
        grad_tensors = grad_variables
    roots = as_list(tensors)
    gradients = as_list(grad_tensors) if grad_tensors is not None else [None] * len(roots)
    if len(gradients) != len(roots):
        raise ArgumentTypeError(f"backward: got {len(roots)} tensors and {len(gradients)} gradients; give one each")
    nodes = [root_of(t) for t in roots]
    seeds = [seed(t, g, create_graph) for t, g in zip(roots, gradients)]
    wanted = None if inputs is None else [leaf_of(t) for t in as_list(tuple(inputs.values()) if isinstance(inputs, dict) else inputs)]
    if wanted is not None and not wanted:
        raise GraphError("backward: inputs argument to backward cannot be empty")
    run(nodes, seeds, create_graph=create_graph, retain_graph=create_graph if retain_graph is None else retain_graph,
        inputs=wanted, accumulate_inputs=True)


def leaf_of(t: Any) -> Node:
    """The node at which a gradient for t is collected."""
    node = node_of(t) if isinstance(t, TensorBase) else None
    if node is None:
        raise GraphError(f"grad: one of the differentiated tensors does not require grad; got {describe(t)}; call requires_grad_() "
                         "before the forward pass")
    return node


def grad(outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
         only_inputs: bool = True, allow_unused: bool | None = None, is_grads_batched: bool = False,
         materialize_grads: bool = False) -> Any:
    """The gradients of `outputs`, weighted by `grad_outputs`, for `inputs`, as a tuple; of a dictionary as one; `.grad` stays as it is.

    create_graph: the gradients can be differentiated again. is_grads_batched: `grad_outputs` have a leading dimension, and
    so have the gradients: one for each. allow_unused: None instead of an error for an input that
    the outputs do not depend on. materialize_grads: zeros instead of None there. only_inputs: deprecated, and ignored.
    """
    if not only_inputs:
        warnings.warn("grad: only_inputs is deprecated and ignored (it is always True); use backward() to accumulate gradients elsewhere",
                      FutureWarning, stacklevel=2)
    if isinstance(inputs, dict):
        options = (grad_outputs, retain_graph, create_graph, True, allow_unused, is_grads_batched, materialize_grads)
        return dict(zip(inputs, grad(outputs, tuple(inputs.values()), *options)))
    if is_grads_batched:
        return tuple(batched_grads(outputs, inputs, grad_outputs, retain_graph, create_graph, allow_unused, materialize_grads))
    if materialize_grads and allow_unused is False:
        raise ArgumentTypeError("grad: expected allow_unused to be True or not passed when materialize_grads=True")
    roots, targets = as_list(outputs), as_list(inputs)
    gradients = as_list(grad_outputs) if grad_outputs is not None else [None] * len(roots)
    nodes = [root_of(t) for t in roots]
    seeds = [seed(t, g, create_graph) for t, g in zip(roots, gradients)]
    wanted = [leaf_of(t) for t in targets]
    found = run(nodes, seeds, create_graph=create_graph, retain_graph=create_graph if retain_graph is None else retain_graph, inputs=wanted)
    results = []
    for t, node in zip(targets, wanted):
        g = found[node]
        if g is None and materialize_grads:
            g = backend_of(t.array).xp.zeros_like(t.array)
        elif g is None and not allow_unused:
            raise GraphError(f"grad: one of the differentiated tensors appears to not have been used in the graph: {describe(t)}; "
                             "set allow_unused=True if this is the desired behavior")
        if g is not None and not isinstance(g, TensorBase):
            g = wrap(g if g.dtype == t.array.dtype else g.astype(t.array.dtype))
        results.append(g)
    return tuple(results)

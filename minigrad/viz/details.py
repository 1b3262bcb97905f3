"""What is written on the box of an op: title, family, options, operands that are no node, and what it keeps for its backward."""
from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from ..backend import is_array
from ..engine.node import Leaf, Node
from .model import bytes_text, shape_text

# What users call an op whose own name is longer, or older, than that.
TITLES = {
    "drop": "dropout", "drop_all": "dropout", "alpha_drop": "alpha_dropout", "batch_normalize": "batch_norm",
    "group_normalize": "group_norm", "class_cross_entropy": "cross_entropy", "soft_cross_entropy": "cross_entropy",
    "nll": "nll_loss", "mse": "mse_loss", "l1": "l1_loss", "huber": "huber_loss", "kl": "kl_div",
    "bernoulli_nll": "binary_cross_entropy", "bernoulli_logits_nll": "binary_cross_entropy_with_logits",
    "soft_margin": "soft_margin_loss", "multi_margin": "multi_margin_loss", "multilabel_margin": "multilabel_margin_loss",
    "max_pool_with_indices": "max_pool", "adaptive_mean": "adaptive_avg_pool", "adaptive_max": "adaptive_max_pool",
    "resample_along": "interpolate", "attend": "attention", "tiled_attention": "attention", "contract": "einsum",
    "lstm_scan": "lstm", "gru_scan": "gru",
    "rnn_scan": "rnn", "lstm_step": "lstm_cell", "gru_step": "gru_cell", "rnn_tanh_step": "rnn_cell", "rnn_relu_step": "rnn_cell",
    "prelu_kernel": "prelu", "noisy_relu": "rrelu", "getitem_copy": "getitem", "cast": "to", "choose": "where",
    "true_divide": "div", "divide_and_floor": "div", "divide_and_truncate": "div", "max_with_indices": "max",
    "min_with_indices": "min", "max_of_all": "max", "min_of_all": "min", "median_of_all": "median", "median_with_indices": "median",
    "vector_norm": "norm", "euclidean": "norm", "take_windows": "unfold", "add_windows": "fold", "split_with_sizes": "split",
    "table_rows": "embedding", "pad_constant": "pad", "repeat_each": "repeat_interleave", "transfer": "to",
    "row_major": "contiguous", "clamp_to_numbers": "clamp", "clamp_to_tensors": "clamp", "svd_factors": "svd", "qr_factors": "qr",
    "eigh_factors": "eigh", "eig_factors": "eig", "solve_matrix": "solve", "slogdet_parts": "slogdet",
}

# Family of an op by the file that it stands in.
FAMILIES = {
    "layer": ("conv", "conv_transposed", "linear", "matmul", "affine", "einsum", "attention", "rnn", "recurrent", "gates", "heads", "bags",
              "recurrent_layers", "lookup", "products"),
    "activation": ("activation", "softmax", "dropout"),
    "norm": ("norm", "statistics", "magnitude"),
    "pool": ("pool", "adaptive_pool", "fractional_pool", "reduce", "extremum", "unpool", "resample", "cumulative", "sort",
             "order_statistics"),
    "shape": ("shape", "axes", "join", "index", "blocks", "cast", "transfer", "copies", "parts", "rows", "padding", "tile", "triangle",
              "select", "mask", "overwrite", "along", "scatters", "windows", "raw", "shuffle", "subscript", "complex"),
    "loss": ("loss", "cross_entropy", "likelihood_loss", "linear_loss", "margin_loss", "regression_loss", "alignment"),
}
# ... or by a word in its title, which tells more.
WORDS = {"entropy": "loss", "loss": "loss", "norm": "norm", "pool": "pool", "conv": "layer", "linear": "layer", "attention": "layer",
         "lstm": "layer", "gru": "layer", "rnn": "layer", "relu": "activation", "tanh": "activation", "sigmoid": "activation",
         "softmax": "activation", "dropout": "activation"}
FAMILY = {stem: family for family, stems in FAMILIES.items() for stem in stems}
PLAIN = (bool, int, float, str)


class Operand(NamedTuple):
    """An input of an op that is no node: where it stands, what the op calls it, its shape, and its dtype where that is known."""
    place: tuple[int, int]
    name: str
    shape: tuple[int, ...]
    dtype: str


def is_function(node: Node) -> bool:
    """True for an `autograd.Function`."""
    return not hasattr(node.op, "tensors")


def title(node: Node) -> str:
    """The name of an op; of a convolution, with its dimensions."""
    name = str(node.op.name)
    if name == "convolution" and node.shapes is not None and len(node.shapes) > 1:
        return f"conv{len(node.shapes[1]) - 2}d"
    return TITLES.get(name, name)


def family(node: Node) -> str:
    """What an op is about."""
    return "function" if is_function(node) else family_of(node.op)


@cache
def family_of(op: Any) -> str:
    """The same by its registration."""
    name = TITLES.get(op.name, op.name)
    by_word = next((found for word, found in WORDS.items() if word in name), "")
    return by_word or FAMILY.get(op.forward.__module__.rpartition(".")[2], "math")


def output(node: Node) -> tuple[str, str, int]:
    """Shape, dtype and bytes of what an op made; of several outputs, each shape, and all their bytes."""
    if not node.op.several:
        return shape_text(node.shape), dtype_text(node.dtype), size_of(node.shape, node.dtype)
    shapes = ", ".join([shape_text(s) for s in node.shape[:4]]) + (", …" if len(node.shape) > 4 else "")
    return shapes, str(node.dtype[0]) if node.dtype else "", sum(size_of(s, d) for s, d in zip(node.shape, node.dtype) if d is not None)


@cache
def dtype_text(dtype: Any) -> str:
    """float32: a look-up, as NumPy takes microseconds to spell it."""
    return str(dtype)


def size_of(shape: tuple[int, ...], dtype: Any) -> int:
    """Bytes of an array."""
    n = int(dtype.itemsize)
    for size in shape:
        n *= size
    return n


def options(node: Node) -> tuple[str, ...]:
    """Options worth showing: numbers and short tuples of them that are not the default and say what the shapes do not."""
    if is_function(node) or not node.options:
        return ()
    found = []
    for name, default, value in named_options(node):
        if is_short(value) and not same(value, default) and not says_nothing(node, name, value):
            found.append(f"{name}={option_text(value)}")
    return tuple(found)


def named_options(node: Node) -> list[tuple[str, Any, Any]]:
    """(name, default, value) of the parameters of an op that are no tensors."""
    op = node.op
    which = [i for i in range(len(op.names)) if i not in op.tensors]
    return [(op.names[i], op.defaults[i], value) for i, value in zip(which, node.options)]


def says_nothing(node: Node, name: str, value: Any) -> bool:
    """True for no padding, a stride of one, the size of the output, and what only rules need."""
    numbers = flat(value)
    if name in ("padding", "output_padding"):
        return set(numbers) == {0}
    if name in ("stride", "dilation", "groups"):
        return set(numbers) == {1}
    if name in ("size", "shape", "out_size", "output_size", "normalized_shape"):
        return len(numbers) <= len(node.shape) and all(n in (-1, m) for n, m in zip(reversed(numbers), reversed(node.shape)))
    return name in ("eps", "training", "ignore_index", "reduction", "biased", "masked")


def flat(value: Any) -> list[Any]:
    """The numbers in a tuple of tuples."""
    return [v for inner in value for v in flat(inner)] if isinstance(value, (tuple, list)) else [value]


def same(value: Any, default: Any) -> bool:
    """Equal, and no array among them."""
    return type(value) is type(default) and bool(value == default)


def is_short(value: Any) -> bool:
    """A number, a word, an index, or a few of them."""
    if isinstance(value, (tuple, list)):
        return 0 < len(value) <= 4 and all(is_plain(v) or isinstance(v, (tuple, list)) and len(v) <= 4 and all(map(is_plain, v))
                                           for v in value)
    return is_plain(value) and value is not None


def is_plain(value: Any) -> bool:
    return value is None or value is Ellipsis or isinstance(value, (*PLAIN, slice))


def option_text(value: Any) -> str:
    """As in a program; (2, 2) as 2×2."""
    if isinstance(value, (tuple, list)):
        if len(value) > 1 and value[-1] is Ellipsis:
            value = value[:-1] if len(value) > 2 else value[0]
            return option_text(value)
        if len(value) > 1 and all(isinstance(v, tuple) and v == (v[0],) * len(v) for v in value):     # padding on both sides
            value = tuple([v[0] for v in value])
        if len(value) > 1 and all(type(v) is int and v >= 0 for v in value):
            return "×".join([str(v) for v in value])
        inner = ", ".join([option_text(v) for v in value])
        return inner if any(isinstance(v, slice) or v is Ellipsis for v in value) else f"({inner})"
    if isinstance(value, slice):
        parts = ["" if v is None else str(v) for v in (value.start, value.stop)]
        return ":".join(parts if value.step is None else [*parts, str(value.step)])
    return "…" if value is Ellipsis else f"{value:g}" if isinstance(value, float) else str(value)


# ---------------------------------------------------------------- inputs
STEP = ("input", "h", "weight_ih", "weight_hh")
LSTM = ("input", "h", "c", "weight_ih", "weight_hh")
PARTS = {"lstm_scan": LSTM, "lstm_step": LSTM,
         **dict.fromkeys(("gru_scan", "gru_step", "rnn_scan", "rnn_tanh_step", "rnn_relu_step"), STEP)}


def part(op: Any, name: str, k: int) -> str:
    """What the k-th tensor of a sequence is called: `c` of an LSTM, else `tensors[2]`."""
    names = PARTS.get(op.name, ())
    return names[k] if k < len(names) else f"{name}[{k}]"


def parents(node: Node) -> Iterator[tuple[tuple[int, int], str, Node, tuple[int, int]]]:
    """(place among the op's parameters, name, node, place among the rules) of every input that has a node."""
    for rule, entry in enumerate(node.parents):
        if entry is None:
            continue
        i = node.op.inputs[rule]
        name = "" if is_function(node) else str(node.op.names[i])
        if type(entry) is tuple:
            for k, parent in enumerate(entry):
                if parent is not None:
                    yield (i, k), part(node.op, name, k) if name else "", parent, (rule, k)
        else:
            yield (i, 0), name, entry, (rule, 0)


def constants(node: Node) -> Iterator[Operand]:
    """Its tensor inputs without a node. A number, or a 0-d tensor, is not worth a box."""
    if is_function(node):
        return
    op = node.op
    if node.shapes is None:                          # all as the output
        shapes: Any = [node.shape] * len(op.inputs)
        which = op.inputs
    else:
        shapes, which = node.shapes, op.inputs if op.broadcast or op.is_binary else op.tensors
    entry = dict(zip(op.inputs, node.parents))
    for i, shape in zip(which, shapes):
        parent = entry.get(i)
        if i in op.sequences:
            absent = parent or (None,) * len(shape)
            for k, s in enumerate(shape):
                if absent[k] is None and s != ():
                    yield Operand((i, k), part(op, op.names[i], k), s, "")
        elif parent is None and shape != ():
            yield Operand((i, 0), op.names[i], shape, dtype_of_input(node, i))
    for name, _, value in named_options(node):       # targets and indices
        if is_array(value) and value.shape != ():
            yield Operand((op.names.index(name), 0), name, value.shape, str(value.dtype))


def dtype_of_input(node: Node, i: int) -> str:
    """Of an input that the node kept; "" where it did not."""
    for (kind, k), value in zip(node.op.slots, node.saved or ()):
        if k == i and kind in ("input", "option") and is_array(value):
            return str(value.dtype)
    return ""


# ---------------------------------------------------------------- memory
class Memory:
    """Counts what nodes keep alive: each block of memory once, for the first op that keeps it; that of leaves not at all."""

    def __init__(self) -> None:
        self.seen: dict[int, Any] = {}               # holds the blocks, so that no address is used twice

    def leaf(self, leaf: Leaf) -> None:
        """The values of a parameter live anyway."""
        t = leaf.tensor()
        if t is not None:
            block = block_of(t.array)
            self.seen[id(block)] = block

    def kept(self, node: Node) -> tuple[int | None, tuple[str, ...]]:
        """Bytes, and what they are; None once they are freed."""
        if node.saved is None:
            return None, ()
        total, names = 0, []
        for name, value in saved(node):
            block = block_of(value)
            if id(block) not in self.seen:
                self.seen[id(block)] = block
                total += int(block.nbytes)
                names.append(f"{name} {bytes_text(block.nbytes)}")
        return total, tuple(names)


def saved(node: Node) -> Iterator[tuple[str, Any]]:
    """(name, array) of everything a node kept."""
    if is_function(node):
        for entry in node.saved[0]._saved if node.saved else ():
            if entry is not None and is_array(entry[0]):
                yield "saved", entry[0]
        return
    for name, value in zip(node.op.slot_names, node.saved or ()):
        if value is None:
            continue
        for v in value if isinstance(value, (list, tuple)) else (value,):
            if is_array(v):
                yield name, v


def block_of(array: Any) -> Any:
    """The array that owns the memory."""
    while is_array(getattr(array, "base", None)):
        array = array.base
    return array

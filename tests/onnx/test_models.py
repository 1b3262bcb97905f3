"""Whole models: the same outputs from the graph, parameters under their names, free axes."""
from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from minigrad.errors import UnsupportedError
from minigrad.vision import models

from .agree import agrees, exported, kinds, names, onnx


def values(*shape: int) -> mg.Tensor:
    mg.manual_seed(0)
    return mg.randn(*shape)


NETWORKS: dict[str, tuple[Any, int]] = {
    "lenet": (models.lenet, 28), "resnet18": (models.resnet18, 32), "resnet50": (models.resnet50, 32),
    "googlenet": (lambda **kw: models.googlenet(init_weights=False, transform_input=True, **kw), 32),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_for_images(name: str) -> None:
    build, size = NETWORKS[name]
    model, channels = build(num_classes=5), 1 if name == "lenet" else 3
    program = agrees(model, values(2, channels, size, size), others=(values(3, channels, size, size),), dynamic_axes={"x": {0: "batch"}})
    state = model.state_dict()
    assert {key for key in state if not key.endswith("num_batches_tracked") and not key.startswith("aux")} == {
        n for n in names(program) if not n.startswith("constant")}
    assert [d.dim_param for d in program.model_proto.graph.output[0].type.tensor_type.shape.dim] == ["batch", ""]


@pytest.mark.parametrize("name", ["alexnet", "vgg11_bn"])
def test_networks_with_large_classifiers(name: str) -> None:
    model = models.get_model(name, num_classes=5) if name == "alexnet" else models.VGG(models.vgg.make_layers([8, "M", 512, "M"], True), 5)
    for i, layer in enumerate(model.classifier):
        if isinstance(layer, nn.Linear):
            model.classifier[i] = nn.Linear(16 if layer.in_features == 4096 else layer.in_features,
                                            16 if layer.out_features == 4096 else layer.out_features)
    agrees(model, values(2, 3, 64, 64), others=(values(1, 3, 64, 64),), dynamic_axes={"x": [0]})


RECURRENT = {
    "lstm": nn.LSTM(3, 4, 2, bidirectional=True, batch_first=True), "lstm without bias": nn.LSTM(3, 4, bias=False, batch_first=True),
    "gru": nn.GRU(3, 4, batch_first=True), "gru both ways": nn.GRU(3, 4, 2, bias=False, bidirectional=True, batch_first=True),
    "rnn": nn.RNN(3, 4, batch_first=True),
}


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_layers_with_free_batch_and_time(name: str) -> None:
    program = agrees(RECURRENT[name], values(2, 5, 3), others=(values(3, 7, 3),), dynamic_axes={"input": {0: "batch", 1: "time"}})
    assert {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}[name.split()[0]] in kinds(program)
    assert "weight_ih_l0" in names(program)
    if name != "gru both ways":
        assert "MatMul" not in kinds(program)        # the product with the input is part of the node


def test_an_rnn_with_relu_is_a_node_that_says_so() -> None:
    node = next(n for n in exported(nn.RNN(3, 4, nonlinearity="relu"), values(5, 2, 3)).model_proto.graph.node if n.op_type == "RNN")
    assert next(a for a in node.attribute if a.name == "activations").strings == [b"Relu"]


class Tagger(nn.Module):
    """An LSTM net as programs write it: embedding, layers, states by hand, a head."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.lstm, self.head = nn.Embedding(11, 6), nn.LSTM(6, 8, 2, batch_first=True, dropout=0.5), nn.Linear(8, 4)

    def forward(self, tokens: mg.Tensor) -> Any:
        state = mg.zeros(2, tokens.size(0), 8), mg.zeros(2, tokens.size(0), 8)
        y, (h, _) = self.lstm(self.embedding(tokens), state)
        return self.head(y), {"last": h[-1]}


def test_an_lstm_net() -> None:
    tokens, others = mg.arange(10).view(2, 5), mg.arange(9).view(1, 9)
    program = agrees(Tagger(), tokens, others=(others,), dynamic_axes={"tokens": {0: "batch", 1: "time"}}, output_names=["tags", "last"])
    assert [o.name for o in program.model_proto.graph.output] == ["tags", "last"]


@pytest.mark.parametrize("cell", [nn.LSTMCell(3, 4), nn.GRUCell(3, 4), nn.RNNCell(3, 4, nonlinearity="relu")], ids=repr)
def test_cells(cell: nn.Module) -> None:
    agrees(cell, values(2, 3), others=(values(5, 3),), dynamic_axes={"input": [0]})


class Words(nn.Module):
    """A transformer with positions and a causal mask, all sizes free."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(9, 8), nn.Embedding(9, 8)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation="gelu"), 2)

    def forward(self, ids: mg.Tensor) -> mg.Tensor:
        x = self.words(ids) + self.places(mg.arange(ids.size(1)))
        return self.encoder(x, mask=nn.Transformer.generate_square_subsequent_mask(ids.size(1)))


def test_a_transformer_encoder() -> None:
    agrees(Words(), mg.tensor([[1, 2, 3], [3, 4, 5]]), others=(mg.tensor([[1, 2, 3, 8, 7]]),),
           dynamic_axes={"ids": {0: "batch", 1: "time"}})


def test_a_transformer() -> None:
    agrees(nn.Transformer(8, 2, 1, 1, 16, batch_first=True), values(2, 5, 8), values(2, 4, 8))


def test_attention() -> None:
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    agrees(attention, values(2, 5, 8), values(2, 5, 8), values(2, 5, 8))
    agrees(lambda q: F.scaled_dot_product_attention(q, q, q, is_causal=True), values(2, 2, 5, 8), others=(values(1, 2, 7, 8),),
           dynamic_axes={"q": {0: "batch", 2: "time"}})
    agrees(lambda q, mask: F.scaled_dot_product_attention(q, q, q, mask), values(2, 2, 5, 8), values(5, 5) > 0.3)


# ---------------------------------------------------------------- names, options, files
def test_names_and_files(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
    path = tmp_path / "model.onnx"
    program = mg.onnx.export(model, values(2, 3), path, input_names=["features"], output_names=["scores"],
                             dynamic_axes={"features": {0: "batch"}, "scores": {0: "batch"}}, verbose=False, export_params=True)
    read = onnx.load(path)
    assert [i.name for i in read.graph.input] == ["features"]
    assert [o.name for o in read.graph.output] == ["scores"]
    assert {t.name for t in read.graph.initializer} == {"0.weight", "0.bias"}
    assert [node.name for node in read.graph.node] == ["/0/Gemm", "/1/Tanh"]
    assert read.opset_import[0].version == 18
    assert "2 nodes" in repr(program)
    stream = io.BytesIO()
    program.save(stream)
    assert stream.getvalue() == path.read_bytes()


def test_other_opsets() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    assert agrees(model, values(2, 3), opset_version=17).model_proto.opset_import[0].version == 17
    assert agrees(model, values(2, 3), opset_version=20).model_proto.opset_import[0].version == 20
    with pytest.warns(UserWarning, match=r"cannot bring the model to opset_version=9 \(No Adapter .* Div\); it is written in opset 18"):
        assert agrees(lambda x: x / 2, values(2, 3), opset_version=9).model_proto.opset_import[0].version == 18
    with pytest.raises(ValueError, match="opset_version 999 is later than"):
        mg.onnx.export(model, values(2, 3), opset_version=999)


def test_structured_inputs_and_keywords() -> None:
    def model(pair: Any, scale: mg.Tensor, *, power: int = 1) -> mg.Tensor:
        return (pair[0] + pair[1]["y"]) * scale**power
    a, b, c = values(2, 3), values(2, 3), values(3)
    program = mg.onnx.export(model, ([a, {"y": b}], c), kwargs={"power": 2})
    assert [i.name for i in program.model_proto.graph.input] == ["pair_0", "pair_1", "scale"]
    np.testing.assert_allclose(program([a, {"y": b}], c)[0].numpy(), ((a + b) * c**2).numpy(), rtol=1e-6)


def test_dynamic_shapes() -> None:
    class Dim:
        def __init__(self, name: str) -> None:
            self.__name__ = name
    for shapes in ({"input": {0: Dim("batch")}}, ({0: "batch", 1: None},), ((Dim("batch"), None),)):
        program = exported(nn.Linear(3, 4), values(2, 3), dynamic_shapes=shapes)
        assert [d.dim_param or d.dim_value for d in program.model_proto.graph.input[0].type.tensor_type.shape.dim] == ["batch", 3]


def test_sizes_are_computed_in_the_graph() -> None:
    def model(x: mg.Tensor) -> Any:
        n, t = x.shape[:2]
        return x.reshape(n * t, -1), x[:, : t - 1], x.new_ones(n, 2), x.expand(3, n, t, 4), x.view(n, 2 * t, 2)
    program = agrees(model, values(2, 3, 4), others=(values(5, 6, 4),), dynamic_axes={"x": {0: "n", 1: "t"}})
    dims = [[d.dim_param or d.dim_value for d in o.type.tensor_type.shape.dim] for o in program.model_proto.graph.output]
    assert dims == [["n*t", 4], ["n", "t-1", 4], ["n", 2], [3, "n", "t", 4], ["n", "2*t", 2]]


def test_an_input_may_be_an_output_and_an_output_twice() -> None:
    program = agrees(lambda x, y: (x, x + y, x + y, mg.ones(2)), values(2, 3), values(3))
    assert len(program.model_proto.graph.output) == 4


def test_everything_is_afterwards_as_before() -> None:
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(), nn.Linear(3, 2))
    model[1].eval()
    model[0](values(4, 3))
    state, chance = {key: t.clone() for key, t in model.state_dict().items()}, mg.get_rng_state()
    mg.onnx.export(model, values(4, 3))
    assert [m.training for m in model.modules()] == [True, True, False, True]
    assert all(state[key].equal(t) for key, t in model.state_dict().items())
    assert mg.get_rng_state().equal(chance)
    assert not mg.onnx.is_in_onnx_export()


def test_shared_parameters_are_written_once() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.head = nn.Embedding(5, 3), nn.Linear(3, 5, bias=False)
            self.head.weight = self.embedding.weight

        def forward(self, ids: mg.Tensor) -> mg.Tensor:
            return self.head(self.embedding(ids))
    assert "head.weight" not in names(agrees(Tied(), mg.tensor([[1, 2]])))


# ---------------------------------------------------------------- refusals
class Odd(nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.inner = nn.Module()
        self.inner.forward = function

    def forward(self, x: mg.Tensor) -> Any:
        return self.inner(x)


@pytest.mark.parametrize(("function", "text"), [
    (lambda x: mg.fft.fft(x).abs(), r"transform at .*test_models\.py:\d+ in inner has no counterpart in ONNX here; .*custom_translation"),
    (lambda x: x + mg.randn(3), r"export: add at .*:\d+ in inner: the values of a float32 \(3,\) changed; .* chance"),
    (lambda x: x * x.sum().item(), r"export: mul at .*: 3\.0 became 2\.25 when the model ran on other values"),
    (lambda x: x + mg.tensor(x.numpy() * 2), "no op"),
    (lambda x: x.exp() if x[0] < 1.5 else x.sin(), "the model did exp at .*, and sin at .* one way only"),
    (lambda x: mg.stack([x] * int(2 * x[2].item())), "has another length|one way only"),
    (lambda x: 3, "the model must return Tensors; got int 3"),
], ids=["op", "chance", "item", "numpy", "branch", "loop", "number"])
def test_what_a_graph_cannot_say_is_refused(function: Any, text: str) -> None:
    with pytest.raises((UnsupportedError, TypeError), match=text):
        mg.onnx.export(Odd(function), mg.tensor([1.0, 0.0, 2.0]))


def test_dropout_in_training_is_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"drop at .* has no counterpart"):
        mg.onnx.export(nn.Dropout(), values(3), training=mg.onnx.TrainingMode.TRAINING)


def test_sizes_that_follow_no_line_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="the number 1 became"):
        mg.onnx.export(lambda x: x.reshape(x.shape[0] // 2, -1, 3), values(2, 2, 3), dynamic_axes={"x": [0]})
    with pytest.raises(UnsupportedError, match=r"one way only|another length"):
        mg.onnx.export(lambda x: sum(row.exp() for row in x), values(2, 3), dynamic_axes={"x": [0]})
    with pytest.raises(UnsupportedError, match="the bins follow a dynamic axis"):
        mg.onnx.export(nn.AdaptiveAvgPool2d(3), values(1, 2, 6, 6), dynamic_axes={"input": [2]})


def test_a_packed_sequence_is_refused() -> None:
    def model(x: mg.Tensor) -> mg.Tensor:
        return lstm(nn.utils.rnn.pack_padded_sequence(x, [3, 2]))[0].data
    lstm = nn.LSTM(3, 4)
    with pytest.raises(UnsupportedError, match="packed sequence"):
        mg.onnx.export(model, values(3, 2, 3))


def test_wrong_arguments_are_named() -> None:
    model, x = nn.Linear(3, 4), values(2, 3)
    with pytest.raises(ValueError, match="must hold an example of each input, as Tensors; got none"):
        mg.onnx.export(model, ())
    with pytest.raises(TypeError, match="unexpected keyword argument 'opset'"):
        mg.onnx.export(model, x, opset=18)
    with pytest.raises(ValueError, match="2 output_names for 1 outputs"):
        mg.onnx.export(model, x, output_names=["a", "b"])
    with pytest.raises(ValueError, match="axis 2 of 'input' cannot be dynamic: it is float32 \\(2, 3\\)"):
        mg.onnx.export(model, x, dynamic_axes={"input": [2]})
    with pytest.raises(ValueError, match="the dynamic axis 'n' has size 2 in one input and 3 in another"):
        mg.onnx.export(lambda a, b: a + b, (x, values(3)), dynamic_axes={"a": {0: "n"}, "b": {0: "n"}})


def test_an_axis_of_nothing_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="dynamic_axes names 'inputs', which is no input or output; the inputs are input"):
        mg.onnx.export(nn.Linear(3, 4), values(2, 3), dynamic_axes={"inputs": {0: "batch"}})


def test_converters_of_ones_own() -> None:
    program = exported(lambda x: mg.special.bessel_j0(x), values(3), custom_translation_table={"bessel_j0": lambda k, x: k.Cos(x * 2)})
    assert kinds(program) == ["Cos", "Mul"]


def test_without_onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(ImportError, match=r"onnx\.export needs onnx, which is not installed; pip install 'minigrad\[onnx\]'"):
        mg.onnx.export(nn.Linear(3, 4), values(2, 3))

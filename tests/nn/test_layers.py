"""Every layer against PyTorch's: initial weights, repr, state, outputs, gradients."""
from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest

import minigrad
from minigrad import nn

torch = pytest.importorskip("torch")

IMAGE, LINE, BLOCK, ROWS = (2, 4, 6, 5), (2, 4, 7), (2, 4, 4, 5, 3), (3, 4)
POINTWISE = [
    "ReLU()", "ReLU6()", "ELU()", "ELU(2.0)", "CELU(1.5)", "SELU()", "GELU()", "GELU(approximate='tanh')", "GLU(1)",
    "Hardtanh()", "Hardtanh(-0.5, 0.25)", "Hardsigmoid()", "Hardswish()", "Hardshrink()", "Hardshrink(0.2)", "LeakyReLU()",
    "LeakyReLU(0.2)", "LogSigmoid()", "Mish()", "PReLU()", "PReLU(4, init=0.1)", "SiLU()", "Sigmoid()", "Softplus()",
    "Softplus(2.0, 1.0)", "Softshrink()", "Softsign()", "Tanh()", "Tanhshrink()", "Threshold(0.1, 2.0)", "Softmax(1)",
    "LogSoftmax(dim=-1)", "Softmin(0)", "Softmax2d()",
]
# constructor, shapes of the inputs
LAYERS: list[tuple[str, list[tuple[int, ...]]]] = [
    ("Identity(3, a=4)", [ROWS]), ("Linear(4, 3)", [ROWS]), ("Linear(4, 3, bias=False)", [IMAGE[:-1] + (4,)]), ("Linear(4, 1)", [(4,)]),
    ("Bilinear(4, 3, 5)", [(2, 4), (2, 3)]), ("Bilinear(4, 3, 5, bias=False)", [(2, 2, 4), (2, 2, 3)]), ("Conv1d(4, 6, 3)", [LINE]),
    ("Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2, bias=False)", [LINE]),
    ("Conv1d(4, 2, 3, padding='same', padding_mode='circular')", [LINE]), ("Conv2d(4, 6, 3)", [IMAGE]), ("Conv2d(4, 3, 2)", [IMAGE[1:]]),
    ("Conv2d(4, 8, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=4)", [IMAGE]),
    ("Conv2d(4, 3, 3, padding='valid')", [IMAGE]), ("Conv2d(4, 3, 4, padding='same', padding_mode='reflect')", [IMAGE]),
    ("Conv2d(4, 3, 3, padding=(1, 2), padding_mode='replicate')", [IMAGE]),
    ("Conv2d(4, 3, 3, padding=1, padding_mode='circular')", [IMAGE]), ("Conv3d(4, 3, 2, padding=1)", [BLOCK]),
    ("ConvTranspose1d(4, 6, 3, stride=2)", [LINE]),
    ("ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2)", [IMAGE]),
    ("ConvTranspose2d(4, 2, 3, bias=False, dilation=2)", [IMAGE]), ("ConvTranspose3d(4, 2, 2)", [BLOCK]), ("MaxPool1d(2)", [LINE]),
    ("MaxPool2d(2)", [IMAGE]), ("MaxPool2d((2, 3), stride=(1, 2), padding=1, ceil_mode=True)", [IMAGE]),
    ("MaxPool2d(2, dilation=2, return_indices=True)", [IMAGE]), ("MaxPool3d(2)", [BLOCK]), ("AvgPool1d(2)", [LINE]),
    ("AvgPool1d(3, stride=1, padding=1, count_include_pad=False)", [LINE]), ("AvgPool2d(2)", [IMAGE]),
    ("AvgPool2d((3, 2), stride=1, padding=1, ceil_mode=True, divisor_override=3)", [IMAGE]), ("AvgPool3d(2)", [BLOCK]),
    ("AdaptiveAvgPool1d(3)", [LINE]), ("AdaptiveAvgPool2d(1)", [IMAGE]), ("AdaptiveAvgPool2d((2, None))", [IMAGE]),
    ("AdaptiveAvgPool3d(2)", [BLOCK]), ("AdaptiveMaxPool1d(3)", [LINE]), ("AdaptiveMaxPool2d((2, 3), return_indices=True)", [IMAGE]),
    ("AdaptiveMaxPool3d(2)", [BLOCK]), ("LPPool1d(2, 3)", [LINE]), ("LPPool2d(2, 2, stride=1)", [IMAGE]), ("LPPool3d(2, 2)", [BLOCK]),
    ("BatchNorm1d(4)", [ROWS]), ("BatchNorm1d(4, momentum=None)", [LINE]), ("BatchNorm2d(4)", [IMAGE]),
    ("BatchNorm2d(4, eps=1e-3, momentum=0.5, affine=False)", [IMAGE]), ("BatchNorm2d(4, track_running_stats=False)", [IMAGE]),
    ("BatchNorm2d(4, bias=False)", [IMAGE]), ("BatchNorm3d(4)", [BLOCK]), ("InstanceNorm1d(4, affine=True)", [LINE]),
    ("InstanceNorm2d(4)", [IMAGE]), ("InstanceNorm2d(4, affine=True, track_running_stats=True)", [IMAGE]),
    ("InstanceNorm2d(4)", [IMAGE[1:]]), ("InstanceNorm3d(4)", [BLOCK]), ("LayerNorm(4)", [ROWS]),
    ("LayerNorm((6, 5), eps=1e-3)", [IMAGE]), ("LayerNorm(4, bias=False)", [ROWS]), ("LayerNorm(4, elementwise_affine=False)", [ROWS]),
    ("GroupNorm(2, 4)", [IMAGE]), ("GroupNorm(4, 4, affine=False)", [LINE]), ("GroupNorm(1, 4, bias=False)", [ROWS]),
    ("RMSNorm(4)", [ROWS]), ("RMSNorm((6, 5), eps=1e-3, elementwise_affine=False)", [IMAGE]), ("LocalResponseNorm(3)", [IMAGE]),
    ("RNNCell(4, 5)", [ROWS]), ("RNNCell(4, 5, bias=False, nonlinearity='relu')", [ROWS, (3, 5)]), ("LSTMCell(4, 5)", [ROWS]),
    ("LSTMCell(4, 5, bias=False)", [(4,)]), ("GRUCell(4, 5)", [ROWS, (3, 5)]), ("GRUCell(4, 5, False)", [(4,)]),
    ("RNNCell(4, 5)", [(4,), (5,)]), ("Flatten()", [IMAGE]), ("Flatten(0, 2)", [IMAGE]), ("Unflatten(1, (2, 2))", [IMAGE]),
    ("Unflatten(-1, [-1, 5])", [IMAGE]), ("Unfold((2, 3), dilation=2)", [IMAGE]), ("Fold((4, 5), 2)", [(2, 8, 12)]),
    ("PixelShuffle(2)", [IMAGE]), ("PixelUnshuffle(2)", [(2, 1, 4, 6)]), ("ChannelShuffle(2)", [IMAGE]),
    ("Upsample(scale_factor=2)", [IMAGE]), ("Upsample(size=(3, 4), mode='bilinear', align_corners=True)", [IMAGE]),
    ("Upsample(scale_factor=(2, 3), mode='bicubic')", [IMAGE]), ("UpsamplingBilinear2d(scale_factor=2)", [IMAGE]),
    ("UpsamplingNearest2d(4)", [IMAGE]), ("Upsample(scale_factor=2, mode='linear')", [LINE]), ("ZeroPad1d(1)", [LINE]),
    ("ZeroPad2d((1, 2, 3, 4))", [IMAGE]), ("ZeroPad3d(1)", [BLOCK]), ("ConstantPad1d(2, 3.5)", [LINE]),
    ("ConstantPad2d(1, 3.5)", [IMAGE]), ("ConstantPad3d((0, 1, 1, 0, 2, 1), -1.0)", [BLOCK]), ("ReflectionPad1d((1, 2))", [LINE]),
    ("ReflectionPad2d(1)", [IMAGE]), ("ReflectionPad3d(1)", [BLOCK]), ("ReplicationPad1d(1)", [LINE]),
    ("ReplicationPad2d((1, 2, 0, 1))", [IMAGE]), ("ReplicationPad3d(1)", [BLOCK]), ("CircularPad1d((1, 2))", [LINE]),
    ("CircularPad2d(1)", [IMAGE]), ("CircularPad3d(1)", [BLOCK]), ("CosineSimilarity()", [ROWS, ROWS]),
    ("CosineSimilarity(dim=0, eps=1e-3)", [ROWS, ROWS]), ("PairwiseDistance()", [ROWS, ROWS]),
    ("PairwiseDistance(p=1, keepdim=True)", [ROWS, ROWS]),
    *[(text, [IMAGE]) for text in POINTWISE],
    ("GLU()", [ROWS]), ("Dropout(0.0)", [ROWS]), ("Dropout(1.0)", [ROWS]), ("Dropout2d(0.0)", [IMAGE]),
]
IDS = [f"{text}-{'x'.join(map(str, shapes[0]))}" for text, shapes in LAYERS]


def build(text: str):
    """The layer twice, each with its own random numbers from the same seed."""
    minigrad.manual_seed(3)
    torch.manual_seed(3)
    return eval(f"nn.{text}"), eval(f"torch.nn.{text}")


def same_state(ours, theirs, rtol: float = 1e-6) -> None:
    a, b = ours.state_dict(), theirs.state_dict()
    assert list(a) == list(b)
    for key in b:
        assert str(a[key].dtype)[9:] == str(b[key].dtype)[6:], key
        np.testing.assert_allclose(a[key].numpy(), b[key].numpy(), rtol, 1e-7, err_msg=key)


def inputs(shapes):
    arrays = [np.random.default_rng(i).normal(size=shape) for i, shape in enumerate(shapes)]
    return [minigrad.tensor(a, requires_grad=True) for a in arrays], [torch.tensor(a, requires_grad=True) for a in arrays]


def compare(ours, theirs) -> list:
    """The outputs are the same; returns pairs of those that have a gradient."""
    if isinstance(theirs, tuple):
        return [pair for a, b in zip(ours, theirs, strict=True) for pair in compare(a, b)]
    assert str(ours.dtype)[9:] == str(theirs.dtype)[6:]
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), 1e-6, 1e-9)
    return [(ours, theirs)] if theirs.requires_grad else []


@pytest.mark.parametrize("text", dict.fromkeys(text for text, _ in LAYERS))
def test_the_same_seed_gives_the_same_weights(text: str) -> None:
    ours, theirs = build(text)
    same_state(ours, theirs)
    assert repr(ours) == repr(theirs)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("text", "shapes"), LAYERS, ids=IDS)
def test_outputs_and_gradients(text: str, shapes) -> None:
    ours, theirs = (layer.double() for layer in build(text))
    for training in (True, True, False):
        ours.train(training)
        theirs.train(training)
        xs, ys = inputs(shapes)
        for a, b in compare(ours(*xs), theirs(*ys)):
            seed = np.random.default_rng(9).normal(size=tuple(b.shape))
            a.backward(minigrad.tensor(seed), retain_graph=True)
            b.backward(torch.tensor(seed), retain_graph=True)
        for x, y in zip([*xs, *ours.parameters()], [*ys, *theirs.parameters()]):
            assert (x.grad is None) == (y.grad is None)
            if y.grad is not None:
                np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), 1e-6, 1e-8)
    same_state(ours, theirs, 1e-6)


INPLACE = [
    "ReLU(True)", "ReLU6(True)", "ELU(2.0, True)", "CELU(1.0, True)", "SELU(True)", "Hardtanh(-2, 3, True)", "Hardsigmoid(True)",
    "Hardswish(True)", "LeakyReLU(0.2, True)", "Mish(True)", "SiLU(True)", "Threshold(1, 2, True)", "Dropout(0.5, True)",
]


@pytest.mark.parametrize("text", INPLACE)
def test_layers_that_write_into_their_input(text: str) -> None:
    ours, theirs = build(text)
    assert repr(ours) == repr(theirs)
    x, y = minigrad.linspace(-3, 3, 20), torch.linspace(-3, 3, 20)
    out = ours(x)
    theirs(y)
    assert out.data_ptr() == x.data_ptr()
    np.testing.assert_allclose(x.numpy(), y.numpy(), 1e-5, 1e-6)


RANDOM = [
    ("Dropout(0.3)", ROWS), ("Dropout1d(0.5)", LINE), ("Dropout2d(0.5)", IMAGE), ("Dropout3d(0.5)", BLOCK), ("AlphaDropout(0.4)", IMAGE),
    ("FeatureAlphaDropout(0.5)", IMAGE),
]


@pytest.mark.parametrize(("text", "shape"), RANDOM)
def test_layers_that_draw(text: str, shape) -> None:
    ours, theirs = build(text)
    assert repr(ours) == repr(theirs)
    array = np.random.default_rng(0).normal(size=shape).astype("f4")
    for training in (True, False):
        ours.train(training)
        theirs.train(training)
        np.testing.assert_allclose(ours(minigrad.tensor(array)).numpy(), theirs(torch.tensor(array)).numpy(), 1e-5, 1e-6)


def test_random_slopes() -> None:
    ours, theirs = build("RReLU(0.1, 0.2, True)")
    assert repr(ours) == repr(theirs)
    ours, theirs = build("RReLU(0.1, 0.4)")
    x = -minigrad.ones(1000)
    slopes = -ours(x)
    assert 0.1 <= slopes.min().item() < 0.12
    assert 0.38 < slopes.max().item() < 0.4
    np.testing.assert_allclose(ours.eval()(x).numpy(), theirs.eval()(torch.tensor(x.numpy())).numpy(), 1e-6)


@pytest.mark.parametrize("text", [
    "Embedding(10, 4)", "Embedding(10, 4, padding_idx=-2)", "Embedding(10, 4, padding_idx=3)", "Embedding(10, 4, max_norm=0.5)",
    "Embedding(10, 4, max_norm=1.0, norm_type=1.0)", "Embedding(10, 4, scale_grad_by_freq=True)",
])
def test_embedding(text: str) -> None:
    ours, theirs = build(text)
    same_state(ours, theirs)
    assert repr(ours) == repr(theirs)
    index = np.array([[1, 3, 3], [8, 0, 1]])
    a, b = ours(minigrad.tensor(index)), theirs(torch.tensor(index))
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), 1e-6)
    (a * a).sum().backward()
    (b * b).sum().backward()
    np.testing.assert_allclose(ours.weight.grad.numpy(), theirs.weight.grad.numpy(), 1e-5)
    same_state(ours, theirs)


def test_embedding_of_given_rows() -> None:
    rows = minigrad.arange(12.0).reshape(4, 3)
    layer = nn.Embedding.from_pretrained(rows)
    assert not layer.weight.requires_grad
    assert layer(minigrad.tensor([2])).tolist() == [[6, 7, 8]]
    assert nn.Embedding.from_pretrained(rows, freeze=False, padding_idx=1).weight.requires_grad
    with pytest.raises(AssertionError, match="Padding_idx must be within num_embeddings"):
        nn.Embedding(3, 2, padding_idx=3)
    with pytest.raises(AssertionError, match="Shape of weight does not match num_embeddings and embedding_dim"):
        nn.Embedding(3, 2, _weight=rows)


def test_lstm_cell_with_states() -> None:
    ours, theirs = (cell.double() for cell in build("LSTMCell(4, 5)"))
    xs, ys = inputs([ROWS, (3, 5), (3, 5)])
    pairs = compare(ours(xs[0], (xs[1], xs[2])), theirs(ys[0], (ys[1], ys[2])))
    sum((a.sum() for a, _ in pairs[1:]), pairs[0][0].sum()).backward()
    sum((b.sum() for _, b in pairs[1:]), pairs[0][1].sum()).backward()
    for x, y in zip(xs, ys):
        np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), 1e-9)


def test_max_unpooling() -> None:
    for dimensions, shape in ((1, LINE), (2, IMAGE), (3, BLOCK)):
        pool, unpool = build(f"MaxPool{dimensions}d(2, return_indices=True)"), build(f"MaxUnpool{dimensions}d(2)")
        assert repr(unpool[0]) == repr(unpool[1])
        (x,), (y,) = inputs([shape])
        a, b = unpool[0](*pool[0](x), output_size=shape), unpool[1](*pool[1](y), output_size=shape)
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy())


def test_transposed_convolution_of_a_given_size() -> None:
    ours, theirs = (layer.double() for layer in build("ConvTranspose2d(4, 2, 3, stride=3)"))
    (x,), (y,) = inputs([IMAGE])
    for size in ([19, 17], [2, 2, 20, 15]):
        a, b = ours(x, output_size=size), theirs(y, output_size=size)
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), 1e-9)
    for size in ([21, 15], [19]):
        for layer, z in ((ours, x), (theirs, y)):
            with pytest.raises(ValueError, match=r"requested an output size of|output_size must have 2"):
                layer(z, output_size=size)


def test_an_old_state_without_a_count_of_batches() -> None:
    ours, _ = build("BatchNorm2d(4)")
    state = ours.state_dict()
    del state["num_batches_tracked"]
    state._metadata.clear()
    ours.load_state_dict(state)
    state = ours.state_dict()
    del state["num_batches_tracked"]
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "num_batches_tracked"'):
        ours.load_state_dict(state)


ERRORS = [
    ("Conv2d(3, 4, 2, groups=2)", [], "in_channels must be divisible by groups"),
    ("Conv2d(4, 3, 2, groups=2)", [], "out_channels must be divisible by groups"),
    ("Conv2d(4, 4, 2, groups=0)", [], "groups must be a positive integer"),
    ("Conv2d(4, 4, 2, padding='some')", [], "Invalid padding string 'some'"),
    ("Conv2d(4, 4, 2, stride=2, padding='same')", [], "padding='same' is not supported for strided convolutions"),
    ("Conv2d(4, 4, 2, padding_mode='no')", [], "padding_mode must be one of"), ("Bilinear(0, 1, 2)", [], "in1_features must be > 0"),
    ("BatchNorm2d(4)", [ROWS], r"expected 4D input \(got 2D input\)"),
    ("BatchNorm1d(4)", [IMAGE], r"expected 2D or 3D input \(got 4D input\)"),
    ("BatchNorm3d(4)", [ROWS], r"expected 5D input \(got 2D input\)"),
    ("InstanceNorm2d(4)", [ROWS], r"expected 3D or 4D input \(got 2D input\)"),
    ("InstanceNorm2d(3, affine=True)", [IMAGE], "to match num_features"), ("GroupNorm(3, 4)", [], "must be divisible by num_groups"),
    ("Dropout(1.5)", [], "dropout probability has to be between 0 and 1, but got 1.5"),
    ("Softmax2d()", [ROWS], "Softmax2d: expected input to be 3D or 4D, got 2D"),
    ("RNNCell(4, 5)", [IMAGE], "RNNCell: Expected input to be 1D or 2D, got 4D instead"),
    ("GRUCell(4, 5)", [ROWS, IMAGE], "Expected hidden to be 1D or 2D, got 4D"),
    ("RNNCell(4, 5, nonlinearity='no')", [ROWS], "nonlinearity"), ("Hardtanh(1, 0)", [], None),
    ("MultiMarginLoss(p=3)", [], "only p == 1 and p == 2 supported"),
    ("TripletMarginLoss(margin=0)", [], "expected margin to be greater than 0, got 0"),
    ("Unflatten(1, 3)", [], "unflattened_size must be"),
    ("Unflatten(1, (2, 'a'))", [], "unflattened_size must be tuple of ints, but found element of type str at pos 1"),
]


@pytest.mark.parametrize(("text", "shapes", "match"), ERRORS, ids=[text for text, _, _ in ERRORS])
def test_errors(text: str, shapes, match: str) -> None:
    xs, ys = inputs(shapes)
    with pytest.raises(Exception, match=match) as theirs:
        eval(f"torch.nn.{text}")(*ys)
    with pytest.raises(theirs.type, match=match):
        eval(f"nn.{text}")(*xs)


def layer_names() -> list[str]:
    return [name for name, kind in vars(nn).items() if isinstance(kind, type) and issubclass(kind, nn.Module) and hasattr(torch.nn, name)]


def test_arguments_are_pytorch_s() -> None:
    for name in layer_names():
        ours, theirs = (inspect.signature(getattr(n, name).__init__).parameters for n in (nn, torch.nn))
        if "args" in ours or "args" in theirs:       # takes anything there, nothing here
            continue
        assert list(ours) == list(theirs), name
        for parameter in theirs.values():
            if not callable(parameter.default) or parameter.default is parameter.empty:      # functional.relu is each library's own
                assert ours[parameter.name].default == parameter.default, (name, parameter)
            assert ours[parameter.name].kind == parameter.kind, (name, parameter)


def test_layers_on_a_dtype() -> None:
    assert nn.Linear(2, 3, dtype=minigrad.float64).weight.dtype == minigrad.float64
    assert nn.BatchNorm2d(2, dtype=minigrad.float64).running_var.dtype == minigrad.float64
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert nn.LSTMCell(2, 3, device="cpu", dtype=minigrad.float16).bias_hh.dtype == minigrad.float16

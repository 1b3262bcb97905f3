"""Networks for images: torchvision's parameters, outputs, initialisation and arguments."""
from __future__ import annotations

import hashlib
import inspect
import io
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import CheckpointError, UnsupportedError
from minigrad.vision import models

# Of torchvision 0.28, written by tools/make_network_facts.py.
TORCHVISION: dict[str, Any] = json.loads(Path(__file__).with_name("torchvision_networks.json").read_text())
VIEWED = [name for name, facts in TORCHVISION.items() if "outputs" in facts]


def head(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parameters without values: memory that nobody writes to costs nothing."""
    for name in ("kaiming_uniform_", "kaiming_normal_", "uniform_", "normal_", "constant_", "trunc_normal_", "zeros_", "ones_"):
        monkeypatch.setattr(mg.nn.init, name, lambda tensor, *args, **kwargs: tensor)


def built(name: str, **options: Any) -> Any:
    """A network that fetches no weights."""
    if "weights_backbone" in inspect.signature(models.get_model_builder(name)).parameters:
        options["weights_backbone"] = None
    return models.get_model(name, **({"init_weights": False} if name in ("googlenet", "inception_v3") else {}), **options)


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("name", TORCHVISION)
def test_parameters_are_named_and_shaped_as_in_torchvision(name: str) -> None:
    model, facts = built(name), TORCHVISION[name]
    listed = "\n".join(f"{key} {tuple(t.shape)} {t.dtype.name}" for key, t in model.state_dict().items())
    assert (sum(p.numel() for p in model.parameters()), head(listed), head(repr(model))) == tuple(
        facts[key] for key in ("parameters", "state", "repr"))


def filled_by_name(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The weights that the facts were made with."""
    draw = np.random.default_rng(zlib.crc32(name.encode()))
    if name.endswith("running_var"):
        return draw.uniform(0.5, 1.5, shape).astype(np.float32)
    if len(shape) < 2:
        return (draw.uniform(0.5, 1.5, shape) if name.endswith("weight") else draw.uniform(-0.1, 0.1, shape)).astype(np.float32)
    return (draw.standard_normal(shape) * (1.5 / np.prod(shape[1:])) ** 0.5).astype(np.float32)


def samples(t: mg.Tensor) -> np.ndarray:
    flat = t.detach().numpy().reshape(-1)
    return flat[np.linspace(0, flat.size - 1, 10).astype(int)]


def small(name: str) -> Any:
    return built(name, num_classes=5, **({"image_size": 32} if name.startswith("vit") else {}))


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("name", [pytest.param(name, marks=() if TORCHVISION[name]["parameters"] < 15e6 else pytest.mark.slow)
                                  for name in VIEWED])
def test_outputs_are_those_of_torchvision(name: str) -> None:
    model = small(name)
    for key, t in model.state_dict().items():
        if t.is_floating_point():
            t.copy_(mg.from_numpy(filled_by_name(key, tuple(t.shape))))
    size = {"inception_v3": 96}.get(name, 32)
    with mg.no_grad():
        out = model.eval()(mg.from_numpy(np.random.default_rng(0).standard_normal((2, 3, size, size), np.float32)))
    wanted = np.array(TORCHVISION[name]["outputs"])
    np.testing.assert_allclose(samples(out["out"] if isinstance(out, dict) else out), wanted, rtol=2e-3, atol=1e-3 * abs(wanted).max())


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if TORCHVISION[name]["parameters"] < 6e6 else pytest.mark.slow)
                                  for name in VIEWED])
def test_the_first_weights_of_a_seed_are_those_of_torchvision(name: str) -> None:
    mg.manual_seed(3)
    weights = [p for p in small(name).parameters() if p.ndim > 1]
    found = [samples(weights[i])[3] for i in (0, len(weights) // 3, 2 * len(weights) // 3, -1)]
    np.testing.assert_allclose(found, TORCHVISION[name]["first"], rtol=1e-5)


def narrowed(model: Any) -> Any:
    """The network with linear layers of width 16: half a gigabyte of weights would tell no more."""
    for i, layer in enumerate(model.classifier):
        if isinstance(layer, mg.nn.Linear):
            model.classifier[i] = mg.nn.Linear(16 if layer.in_features == 4096 else layer.in_features,
                                               16 if layer.out_features == 4096 else layer.out_features)
    return model


def pairs() -> dict[str, tuple[Any, Any, int]]:
    """name -> (ours, the same in PyTorch, size of the images)."""
    t = pytest.importorskip("tests.vision.torch_networks", exc_type=ImportError)
    return {
        "resnet18": (lambda: models.resnet18(num_classes=5), lambda: t.ResNet(18, 5), 40),
        "resnet50": (lambda: models.resnet50(num_classes=5), lambda: t.ResNet(50, 5), 40),
        "resnext50_32x4d": (lambda: models.resnext50_32x4d(num_classes=5), lambda: t.ResNet(50, 5, 32, 4), 40),
        "wide_resnet50_2": (lambda: models.wide_resnet50_2(num_classes=5), lambda: t.ResNet(50, 5, 1, 128), 40),
        "alexnet": (lambda: narrowed(models.alexnet(num_classes=5)), lambda: t.alexnet(5), 70),
        "vgg11": (lambda: narrowed(models.vgg11(num_classes=5)), lambda: t.vgg("1 M 2 M 4 4 M 8 8 M 8 8 M", False, 5), 40),
        "vgg16": (lambda: narrowed(models.vgg16(num_classes=5)), lambda: t.vgg("1 1 M 2 2 M 4 4 4 M 8 8 8 M 8 8 8 M", False, 5), 32),
        "vgg11_bn": (lambda: narrowed(models.vgg11_bn(num_classes=5)), lambda: t.vgg("1 M 2 M 4 4 M 8 8 M 8 8 M", True, 5), 40),
        "googlenet": (lambda: models.googlenet(num_classes=5, init_weights=False, transform_input=True), lambda: t.GoogLeNet(5), 70),
    }


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnext50_32x4d", "wide_resnet50_2", "alexnet", "vgg11", "vgg16", "vgg11_bn",
                                  "googlenet"])
def test_weights_of_pytorch_give_the_same_outputs(name: str) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs, size = pairs()[name]
    network = theirs()
    for key, buffer in network.named_buffers():      # statistics that are not the ones it began with
        if key.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    file.seek(0)
    model = ours()
    assert list(model.state_dict()) == list(network.state_dict()) or name == "googlenet"     # written in another order there
    model.load_state_dict(mg.load(file))
    images = np.random.default_rng(0).standard_normal((2, 3, size, size), np.float32)
    model.eval()
    with torch.no_grad(), mg.no_grad():
        wanted = network.eval()(torch.tensor(images))
        wanted = wanted[0] if isinstance(wanted, tuple) else wanted
        np.testing.assert_allclose(model(mg.tensor(images)).numpy(), wanted.numpy(), rtol=1e-3, atol=1e-4 * wanted.abs().max().item())


@pytest.mark.usefixtures("empty")
def test_googlenet_in_training_gives_three_outputs() -> None:
    torch = pytest.importorskip("torch")
    ours, theirs, _ = pairs()["googlenet"]
    network, model = theirs(), models.googlenet(num_classes=5, init_weights=False, transform_input=True, dropout=0, dropout_aux=0)
    model.load_state_dict({key: mg.tensor(t.numpy()) for key, t in network.state_dict().items()})
    images = np.random.default_rng(0).standard_normal((4, 3, 96, 96), np.float32)
    outputs, wanted = model(mg.tensor(images)), network(torch.tensor(images))
    assert outputs._fields == ("logits", "aux_logits2", "aux_logits1")
    for got, right in zip(outputs, wanted):
        np.testing.assert_allclose(got.detach().numpy(), right.detach().numpy(), atol=2e-3)
    assert model.eval()(mg.tensor(images)).shape == (4, 5)
    assert ours().train(False).training is False


def test_googlenet_without_auxiliary_classifiers() -> None:
    model = models.googlenet(num_classes=5, init_weights=False, aux_logits=False)
    assert model.aux1 is None
    assert not [key for key in model.state_dict() if key.startswith("aux")]
    assert model(mg.zeros(2, 3, 32, 32)).shape == (2, 5)
    with pytest.raises(ValueError, match="blocks must be three classes"):
        models.GoogLeNet(init_weights=False, blocks=[mg.nn.Conv2d])


def test_googlenet_says_that_it_initialises(empty: None) -> None:
    with pytest.warns(FutureWarning, match="init_weights=True or False"):
        models.googlenet(num_classes=5)


def test_blocks_may_begin_as_their_shortcuts() -> None:
    zero = models.resnet18(num_classes=5, zero_init_residual=True)
    assert [m.bn2.weight.abs().sum().item() for m in zero.modules() if isinstance(m, models.resnet.BasicBlock)] == [0.0] * 8


def test_the_first_weights_of_a_seed() -> None:
    """Numbers from torchvision 0.28 after torch.manual_seed(3)."""
    mg.manual_seed(3)
    model = models.resnet18(num_classes=7)
    found = [model.conv1.weight[0, 0, 0, 0], model.layer2[0].downsample[0].weight[1, 2, 0, 0], model.fc.weight[0, 0], model.fc.bias[0]]
    np.testing.assert_allclose([t.item() for t in found], FIRST_WEIGHTS, rtol=1e-5)


FIRST_WEIGHTS = [0.010928858071565628, -0.07282406836748123, -0.013077882118523121, 0.011971564963459969]


@pytest.mark.usefixtures("empty")
def test_strides_become_dilations() -> None:
    model = models.resnet50(num_classes=5, replace_stride_with_dilation=[False, True, True])
    x = model.maxpool(model.relu(model.bn1(model.conv1(mg.zeros(1, 3, 64, 64)))))
    assert model.layer4(model.layer3(model.layer2(model.layer1(x)))).shape == (1, 2048, 8, 8)
    assert [model.layer3[i].conv2.dilation for i in (0, 1)] == [(1, 1), (2, 2)]
    assert [model.layer4[i].conv2.dilation for i in (0, 1)] == [(2, 2), (4, 4)]
    with pytest.raises(ValueError, match="should be None or a 3-element list"):
        models.resnet50(replace_stride_with_dilation=[True])
    with pytest.raises(UnsupportedError, match="dilation > 1 is not supported"):
        models.resnet18(replace_stride_with_dilation=[False, False, True])
    with pytest.raises(ValueError, match="only supports groups=1 and base_width=64"):
        models.resnet18(groups=2)


@pytest.mark.usefixtures("empty")
def test_another_normalisation() -> None:
    model = models.resnet18(num_classes=5, norm_layer=lambda channels: mg.nn.GroupNorm(4, channels))
    assert sum(isinstance(m, mg.nn.GroupNorm) for m in model.modules()) == 20
    assert "bn1.running_mean" not in model.state_dict()


def test_dropout_is_an_argument(empty: None) -> None:
    assert models.vgg11(dropout=0.2).classifier[2].p == 0.2
    assert models.alexnet(dropout=0.1).classifier[0].p == 0.1


def test_lenet_learns() -> None:
    mg.manual_seed(0)
    model = models.lenet()
    assert sum(p.numel() for p in model.parameters()) == 61706
    images, labels = mg.randn(16, 1, 28, 28), mg.arange(16) % 10
    optimizer = mg.optim.Adam(model.parameters(), 0.01)
    for _ in range(15):
        optimizer.zero_grad()
        loss = mg.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.5


# ---------------------------------------------------------------- weights that are published
def test_weights_that_are_not_there_say_what_to_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty: None) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for weights in ("DEFAULT", "IMAGENET1K_V1", "ResNet18_Weights.DEFAULT", models.ResNet18_Weights.IMAGENET1K_V1):
        with pytest.raises(CheckpointError, match=r"ResNet18_Weights\.IMAGENET1K_V1: there is no .*checkpoints.resnet18-f37072fd\.pth, .*"
                                                  r"fetch https://download.*weights=None and call load_state_dict\(load\("):
            models.resnet18(weights=weights)
    with pytest.raises(CheckpointError, match="resnet50-0676ba61"):
        models.resnet50(pretrained=True)
    models.resnet18(pretrained=False)
    with pytest.raises(KeyError):
        models.resnet18(weights="IMAGENET1K_V9")
    with pytest.raises(TypeError, match="expected ResNet18_Weights but received VGG11_Weights"):
        models.resnet18(weights=models.VGG11_Weights.DEFAULT)
    with pytest.raises(ValueError, match="'num_classes' expected value 1000 but got 10"):
        models.resnet18(weights="DEFAULT", num_classes=10)


def test_weights_that_pytorch_keeps_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty: None) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = models.weights.kept_at(models.GoogLeNet_Weights.DEFAULT.url)
    path.parent.mkdir(parents=True)
    state = models.googlenet(init_weights=False).state_dict()
    state["fc.bias"] = mg.arange(1000.0)
    mg.save(state, path, format="torch")
    model = models.googlenet(weights="DEFAULT")
    assert model.fc.bias[3].item() == 3.0
    assert model.transform_input
    assert (model.aux1, model.aux_logits) == (None, False)
    assert models.googlenet(weights="DEFAULT", aux_logits=True, transform_input=False).aux2 is not None


def test_what_images_go_through_first() -> None:
    preset = models.ResNet50_Weights.DEFAULT.transforms()
    assert (preset.resize_size, preset.crop_size) == ([232], [224])
    image = preset(mg.full((3, 300, 400), 128, dtype=mg.uint8))
    assert image.shape == (3, 224, 224)
    np.testing.assert_allclose(image[:, 0, 0].numpy(), (128 / 255 - np.array(preset.mean)) / preset.std, rtol=1e-5)


def test_networks_by_name() -> None:
    assert set(models.list_models()) == {*TORCHVISION, "lenet"}
    assert models.list_models(models.segmentation) == [n for n in sorted(TORCHVISION) if n.startswith(("deeplab", "fcn", "lraspp"))]
    assert models.list_models(include=["vgg*"], exclude="*_bn") == ["vgg11", "vgg13", "vgg16", "vgg19"]
    assert isinstance(models.get_model("LeNet", num_classes=3), models.LeNet)
    with pytest.raises(ValueError, match=r"Unknown model resnet19; there are alexnet, convnext_base.*; resnet1[08]\?"):
        models.get_model("resnet19")


def test_as_torchvision() -> None:
    with mg.as_torch():
        import torchvision
        from torchvision.models import ResNet18_Weights, resnet18
        from torchvision.models.alexnet import AlexNet
        from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
        assert resnet18 is models.resnet18
        assert ResNet18_Weights is models.ResNet18_Weights
        assert AlexNet is models.AlexNet
        assert torchvision.models.alexnet is models.alexnet
        model = ResNet(Bottleneck, [1, 1, 1, 1], num_classes=3)
        assert (model.layer1[0].expansion, BasicBlock.expansion) == (4, 1)

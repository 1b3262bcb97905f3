"""Whole networks: a training step (forward, loss, zero_grad, backward, optimizer step), or inference."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import nets
from .family import Family, Step, Workloads

ABOUT = ("A step is zero_grad, forward, cross entropy, backward and the optimizer's step; inference is the forward pass under `no_grad`. "
         "Data are random; the learning rate is small, so that thousands of steps on one batch do not change the work.")
FAMILY = Family("Networks", ABOUT)

RATE = 1e-5


def training(lib: Any, model: Any, optimizer: Any, x: Any, t: Any) -> Step:
    """A step that returns the loss and the first parameter's gradient; scores in the last dim, one label each."""
    first = next(model.parameters())

    def step() -> Any:
        optimizer.zero_grad()
        y = model(x)
        loss = lib.nn.functional.cross_entropy(y.reshape(-1, y.shape[-1]), t.reshape(-1))
        loss.backward()
        optimizer.step()
        return loss.detach(), first.grad
    return step


def inference(lib: Any, model: Any, x: Any) -> Step:
    model.eval()

    def step() -> Any:
        with lib.no_grad():
            return model(x)
    return step


def two_layer_net(lib: Any) -> tuple[Any, Any, Any]:
    """784-50-10 and a batch of 100; other libraries build theirs from it."""
    return nets.mlp(lib, 784, 50, 10), lib.rand(100, 784), lib.randint(10, (100,))


def deep_convnet(lib: Any) -> tuple[Any, Any, Any]:
    return nets.deep_convnet(lib), lib.rand(100, 1, 28, 28), lib.randint(10, (100,))


def workloads(lib: Any) -> Workloads:
    optim = lib.optim

    def trained(make: Callable[[Any], tuple[Any, Any, Any]], optimizer: Callable[[Any], Any]) -> Callable[[], Step]:
        def build() -> Step:
            model, x, t = make(lib)
            return training(lib, model, optimizer(model.parameters()), x, t)
        return build

    def used(make: Callable[[Any], tuple[Any, Any, Any]]) -> Callable[[], Step]:
        def build() -> Step:
            model, x, _ = make(lib)
            return inference(lib, model, x)
        return build

    def resnet(lib: Any) -> tuple[Any, Any, Any]:
        return nets.resnet20(lib), lib.randn(64, 3, 32, 32), lib.randint(10, (64,))

    def mlp(lib: Any) -> tuple[Any, Any, Any]:
        return nets.mlp(lib, 784, 512, 512, 10), lib.rand(128, 784), lib.randint(10, (128,))

    def lstm(lib: Any) -> tuple[Any, Any, Any]:
        return nets.lstm_classifier(lib, 64, 128, 10), lib.randn(28, 32, 64), lib.randint(10, (32,))

    def transformer(lib: Any) -> tuple[Any, Any, Any]:
        return nets.transformer(lib, 256, 256, 8, 4, 64), lib.randint(256, (8, 64)), lib.randint(256, (8, 64))

    def adam(parameters: Any) -> Any:
        return optim.Adam(parameters, lr=RATE)

    def sgd(parameters: Any) -> Any:
        return optim.SGD(parameters, lr=RATE, momentum=0.9, weight_decay=5e-4)
    return {
        "training: DeepConvNet, batch 100, Adam": trained(deep_convnet, adam),
        "training: ResNet-20, batch 64, SGD": trained(resnet, sgd),
        "training: MLP 784-512-512-10, batch 128, Adam": trained(mlp, adam),
        "training: MLP 784-50-10, batch 100, SGD": trained(two_layer_net, lambda parameters: optim.SGD(parameters, lr=RATE)),
        "training: LSTM cell 64-128, 28 steps, batch 32, Adam": trained(lstm, adam),
        "training: transformer 4 x 256, 8 heads, (8, 64) words, AdamW": trained(transformer, lambda p: optim.AdamW(p, lr=RATE)),
        "inference: DeepConvNet, batch 100": used(deep_convnet),
        "inference: DeepConvNet, batch 1": used(lambda lib: (nets.deep_convnet(lib), lib.rand(1, 1, 28, 28), None)),
        "inference: ResNet-20, batch 64": used(resnet),
        "inference: MLP 784-50-10, batch 100": used(two_layer_net),
        "inference: LSTM cell 64-128, 28 steps, batch 32": used(lstm),
        "inference: transformer 4 x 256, 8 heads, (8, 64) words": used(transformer),
    }

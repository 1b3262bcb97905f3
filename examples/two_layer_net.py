"""The two-layer network of "Deep Learning from Scratch" on MNIST, its gradients checked against numerical ones.

50 hidden units, sigmoid, softmax with cross entropy, plain gradient descent on batches of 100: chapters 4 and 5.

    python examples/two_layer_net.py
"""
from __future__ import annotations

import argparse
from pathlib import Path

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.vision.datasets import mnist_arrays


class TwoLayerNet:
    """Parameters by name, as in the book; everything else is functions of them."""

    def __init__(self, inputs: int, hidden: int, outputs: int, dtype: mg.dtype = mg.float32) -> None:
        self.params = {
            "W1": (0.01 * mg.randn(inputs, hidden, dtype=dtype)).requires_grad_(),
            "b1": mg.zeros(hidden, dtype=dtype, requires_grad=True),
            "W2": (0.01 * mg.randn(hidden, outputs, dtype=dtype)).requires_grad_(),
            "b2": mg.zeros(outputs, dtype=dtype, requires_grad=True)}

    def predict(self, x: mg.Tensor) -> mg.Tensor:
        p = self.params
        return mg.sigmoid(x @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]

    def loss(self, x: mg.Tensor, t: mg.Tensor) -> mg.Tensor:
        return F.cross_entropy(self.predict(x), t)

    def accuracy(self, x: mg.Tensor, t: mg.Tensor) -> float:
        with mg.no_grad():
            return (self.predict(x).argmax(1) == t).float().mean().item()

    def numerical_gradient(self, name: str, x: mg.Tensor, t: mg.Tensor, h: float = 1e-4) -> mg.Tensor:
        """(f(w + h) - f(w - h)) / 2h for every weight: slow, and obviously right."""
        w = self.params[name].detach()
        gradient = mg.zeros_like(w)
        with mg.no_grad():
            for i in range(w.numel()):
                flat, before = w.view(-1), w.view(-1)[i].item()
                flat[i] = before + h
                above = self.loss(x, t).item()
                flat[i] = before - h
                below = self.loss(x, t).item()
                flat[i] = before
                gradient.view(-1)[i] = (above - below) / (2 * h)
        return gradient


def check_gradients() -> float:
    """The largest mean difference between backward and numerical gradients, on a small network in float64."""
    mg.manual_seed(0)
    net = TwoLayerNet(20, 8, 10, dtype=mg.float64)
    x, t = mg.rand(3, 20, dtype=mg.float64), mg.randint(10, (3,))
    net.loss(x, t).backward()
    differences = {name: (w.grad - net.numerical_gradient(name, x, t)).abs().mean().item() for name, w in net.params.items()}
    for name, difference in differences.items():
        print(f"{name}: mean |backward - numerical| = {difference:.1e}")
    return max(differences.values())


def train(steps: int, data_dir: Path | None, lr: float = 0.1) -> float:
    """Train, and return the test accuracy."""
    mg.manual_seed(0)
    (images, labels, source), (test_images, test_labels, _) = mnist_arrays(data_dir, train=True), mnist_arrays(data_dir, train=False)
    x, t = mg.tensor(images).float().flatten(1) / 255, mg.tensor(labels)
    x_test, t_test = mg.tensor(test_images).float().flatten(1) / 255, mg.tensor(test_labels)
    print(f"{len(t):,} images ({source})")
    net = TwoLayerNet(784, 50, 10)
    for step in range(1, steps + 1):
        batch = mg.randint(len(t), (100,))
        loss = net.loss(x[batch], t[batch])
        loss.backward()
        with mg.no_grad():
            for w in net.params.values():
                w -= lr * w.grad
                w.grad = None
        if step % max(1, steps // 10) == 0:
            print(f"step {step:>5}: loss {loss.item():.4f}, training {net.accuracy(x, t):.4f}, test {net.accuracy(x_test, t_test):.4f}")
    return net.accuracy(x_test, t_test)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--data-dir", type=Path)
    args = parser.parse_args()
    check_gradients()
    train(args.steps, args.data_dir)


if __name__ == "__main__":
    main()

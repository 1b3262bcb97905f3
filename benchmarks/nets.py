"""The networks of the benchmarks, each in any library with PyTorch's names."""
from __future__ import annotations

import itertools
from typing import Any


def deep_convnet(lib: Any) -> Any:
    """The network of `examples/deep_convnet.py`: (N, 1, 28, 28) -> (N, 10)."""
    nn = lib.nn

    def conv(inputs: int, outputs: int, padding: int = 1) -> list[Any]:
        return [nn.Conv2d(inputs, outputs, 3, padding=padding), nn.ReLU()]
    model = nn.Sequential(
        *conv(1, 16), *conv(16, 16), nn.MaxPool2d(2), *conv(16, 32), *conv(32, 32, padding=2), nn.MaxPool2d(2),
        *conv(32, 64), *conv(64, 64), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1024, 50), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(50, 10), nn.Dropout(0.5))
    for layer in model:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return model


def normed(nn: Any, inputs: int, outputs: int, size: int, stride: int = 1) -> list[Any]:
    """A convolution and its batch normalization."""
    return [nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=False), nn.BatchNorm2d(outputs)]


def residual(lib: Any, widths: tuple[tuple[int, int, int], ...]) -> list[Any]:
    """He et al. 2015: blocks of two convolutions, (channels in, channels out, stride) each, with a sum at the end; then the mean.

    Where shapes change, a 1x1 convolution takes the short cut.
    """
    nn = lib.nn

    class Block(nn.Module):                          # type: ignore[misc, name-defined]
        def __init__(self, inputs: int, outputs: int, stride: int) -> None:
            super().__init__()
            self.body = nn.Sequential(*normed(nn, inputs, outputs, 3, stride), nn.ReLU(), *normed(nn, outputs, outputs, 3))
            self.short = nn.Sequential(*normed(nn, inputs, outputs, 1, stride)) if stride > 1 or inputs != outputs else nn.Identity()

        def forward(self, x: Any) -> Any:
            return lib.relu(self.body(x) + self.short(x))
    return [*(Block(*w) for w in widths), nn.AdaptiveAvgPool2d(1), nn.Flatten()]


def resnet20(lib: Any) -> Any:
    """He et al. 2015, section 4.2, n = 3: (N, 3, 32, 32) -> (N, 10)."""
    nn = lib.nn
    widths = ((16, 16, 1), (16, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 1))
    return nn.Sequential(*normed(nn, 3, 16, 3), nn.ReLU(), *residual(lib, widths), nn.Linear(64, 10))


def resnet18(lib: Any) -> Any:
    """He et al. 2015, table 1: (N, 3, 224, 224) -> (N, 1000)."""
    nn = lib.nn
    widths = ((64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2), (512, 512, 1))
    return nn.Sequential(*normed(nn, 3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1), *residual(lib, widths), nn.Linear(512, 1000))


def mlp(lib: Any, *widths: int) -> Any:
    """Linear layers with ReLU between them."""
    layers: list[Any] = []
    for inputs, outputs in itertools.pairwise(widths):
        layers += [lib.nn.Linear(inputs, outputs), lib.nn.ReLU()]
    return lib.nn.Sequential(*layers[:-1])


def lstm_classifier(lib: Any, inputs: int, hidden: int, classes: int) -> Any:
    """An LSTM cell in a Python loop: (T, N, inputs) -> (N, classes)."""
    nn = lib.nn

    class Classifier(nn.Module):                     # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.cell, self.head = nn.LSTMCell(inputs, hidden), nn.Linear(hidden, classes)

        def forward(self, x: Any) -> Any:
            h = c = lib.zeros(x.shape[1], hidden)
            for step in x:
                h, c = self.cell(step, (h, c))
            return self.head(h)
    return Classifier()


def transformer(lib: Any, words: int, width: int, heads: int, blocks: int, length: int) -> Any:
    """A causal language model of pre-norm blocks, GELU, learnt positions: (N, length) -> (N, length, words)."""
    nn, F = lib.nn, lib.nn.functional

    class Block(nn.Module):                          # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def forward(self, x: Any) -> Any:
            n, t, _ = x.shape
            q, k, v = self.qkv(self.norm1(x)).reshape(n, t, 3, heads, width // heads).permute(2, 0, 3, 1, 4).unbind(0)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)              # (N, heads, T, width / heads)
            x = x + self.out(y.transpose(1, 2).reshape(n, t, width))
            return x + self.down(F.gelu(self.up(self.norm2(x))))

    class Model(nn.Module):                          # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.words, self.positions = nn.Embedding(words, width), nn.Parameter(lib.zeros(length, width))
            self.blocks, self.norm = nn.Sequential(*(Block() for _ in range(blocks))), nn.LayerNorm(width)
            self.head = nn.Linear(width, words, bias=False)

        def forward(self, x: Any) -> Any:
            return self.head(self.norm(self.blocks(self.words(x) + self.positions)))
    return Model()

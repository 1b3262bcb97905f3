"""The networks of `minigrad.vision.models` once more, in PyTorch and as short as may be: what the tests compare with."""
from __future__ import annotations

from typing import Any

import torch
from torch import nn


class Residual(nn.Module):
    """One block of a ResNet: convolutions (out, kernel, stride, groups), the last without ReLU, and a shortcut."""

    def __init__(self, channels: int, convolutions: list[tuple[int, int, int, int]], stride: int) -> None:
        super().__init__()
        first, self.count = channels, len(convolutions)
        for i, (out, k, s, groups) in enumerate(convolutions, 1):
            self.add_module(f"conv{i}", nn.Conv2d(channels, out, k, s, k // 2, groups=groups, bias=False))
            self.add_module(f"bn{i}", nn.BatchNorm2d(out))
            channels = out
        if stride != 1 or first != channels:
            self.downsample = nn.Sequential(nn.Conv2d(first, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Any) -> Any:
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = torch.relu(y) if i < self.count else y
        return torch.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class ResNet(nn.Module):
    def __init__(self, depth: int, classes: int, groups: int = 1, width: int = 64) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        channels, deep = 64, depth >= 50
        for stage, blocks in enumerate({18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}[depth]):
            n, made = 64 << stage, []
            for i in range(blocks):
                s, inner = (2 if stage and not i else 1), (n * width // 64) * groups
                plan = [(inner, 1, 1, 1), (inner, 3, s, groups), (4 * n, 1, 1, 1)] if deep else [(n, 3, s, 1), (n, 3, 1, 1)]
                made.append(Residual(channels, plan, s))
                channels = plan[-1][0]
            self.add_module(f"layer{stage + 1}", nn.Sequential(*made))
        self.fc = nn.Linear(channels, classes)

    def forward(self, x: Any) -> Any:
        x = nn.functional.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.fc(self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3)))


class Features(nn.Module):
    """VGG and AlexNet: convolutions, a pool to `size` by `size`, three linear layers with dropout before or after."""

    def __init__(self, features: list[nn.Module], size: int, classes: int, dropout_first: bool, width: int = 16) -> None:
        super().__init__()                           # width: 4096 in earnest
        self.features, self.size = nn.Sequential(*features), size
        channels = [m for m in features if isinstance(m, nn.Conv2d)][-1].out_channels
        a, b, c = nn.Linear(channels * size**2, width), nn.Linear(width, width), nn.Linear(width, classes)
        first = [nn.Dropout(), a, nn.ReLU(), nn.Dropout(), b, nn.ReLU(), c]
        self.classifier = nn.Sequential(*(first if dropout_first else [a, nn.ReLU(), nn.Dropout(), b, nn.ReLU(), nn.Dropout(), c]))

    def forward(self, x: Any) -> Any:
        return self.classifier(nn.functional.adaptive_avg_pool2d(self.features(x), self.size).flatten(1))


def vgg(plan: str, norm: bool, classes: int) -> nn.Module:
    """plan: "1 M 2 M 4 4 M ...", channels in units of 64."""
    layers: list[nn.Module] = []
    channels = 3
    for word in plan.split():
        if word == "M":
            layers.append(nn.MaxPool2d(2))
            continue
        layers += [nn.Conv2d(channels, 64 * int(word), 3, padding=1), *([nn.BatchNorm2d(64 * int(word))] if norm else []), nn.ReLU()]
        channels = 64 * int(word)
    return Features(layers, 7, classes, False)


def alexnet(classes: int) -> nn.Module:
    layers: list[nn.Module] = []
    channels = 3
    for n, k, s, p, pool in [(64, 11, 4, 2, 1), (192, 5, 1, 2, 1), (384, 3, 1, 1, 0), (256, 3, 1, 1, 0), (256, 3, 1, 1, 1)]:
        layers += [nn.Conv2d(channels, n, k, s, p), nn.ReLU(), *([nn.MaxPool2d(3, 2)] if pool else [])]
        channels = n
    return Features(layers, 6, classes, True)


class Conv(nn.Module):
    def __init__(self, a: int, b: int, k: int, s: int = 1) -> None:
        super().__init__()
        self.conv, self.bn = nn.Conv2d(a, b, k, s, k // 2, bias=False), nn.BatchNorm2d(b, 0.001)

    def forward(self, x: Any) -> Any:
        return torch.relu(self.bn(self.conv(x)))


class Inception(nn.Module):
    def __init__(self, n: int, a: int, b: int, c: int, d: int, e: int, f: int) -> None:
        super().__init__()
        self.branch1, self.branch2 = Conv(n, a, 1), nn.Sequential(Conv(n, b, 1), Conv(b, c, 3))
        self.branch3 = nn.Sequential(Conv(n, d, 1), Conv(d, e, 3))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), Conv(n, f, 1))

    def forward(self, x: Any) -> Any:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class Aux(nn.Module):
    def __init__(self, n: int, classes: int) -> None:
        super().__init__()
        self.conv, self.fc1, self.fc2 = Conv(n, 128, 1), nn.Linear(2048, 1024), nn.Linear(1024, classes)

    def forward(self, x: Any) -> Any:
        return self.fc2(torch.relu(self.fc1(self.conv(nn.functional.adaptive_avg_pool2d(x, 4)).flatten(1))))


class GoogLeNet(nn.Module):
    """Table 1 of the paper, with its third column of filters 3 by 3; all three outputs."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv1, self.conv2, self.conv3 = Conv(3, 64, 7, 2), Conv(64, 64, 1), Conv(64, 192, 3)
        n = 192
        for name, *rest in [("3a", 64, 96, 128, 16, 32, 32), ("3b", 128, 128, 192, 32, 96, 64), ("4a", 192, 96, 208, 16, 48, 64),
                            ("4b", 160, 112, 224, 24, 64, 64), ("4c", 128, 128, 256, 24, 64, 64), ("4d", 112, 144, 288, 32, 64, 64),
                            ("4e", 256, 160, 320, 32, 128, 128), ("5a", 256, 160, 320, 32, 128, 128), ("5b", 384, 192, 384, 48, 128, 128)]:
            self.add_module(f"inception{name}", Inception(n, *rest))
            n = rest[0] + rest[2] + rest[4] + rest[5]
        self.aux1, self.aux2, self.fc = Aux(512, classes), Aux(528, classes), nn.Linear(1024, classes)

    def forward(self, x: Any) -> Any:
        def pool(x: Any, k: int = 3) -> Any:
            return nn.functional.max_pool2d(x, k, 2, ceil_mode=True)
        mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        x = ((x * std[:, None, None] + mean[:, None, None]) - 0.5) / 0.5             # transform_input
        x = pool(self.conv3(self.conv2(pool(self.conv1(x)))))
        x = one = self.inception4a(pool(self.inception3b(self.inception3a(x))))
        x = two = self.inception4d(self.inception4c(self.inception4b(x)))
        x = self.inception5b(self.inception5a(pool(self.inception4e(x), 2)))
        return self.fc(x.mean((2, 3))), self.aux2(two), self.aux1(one)

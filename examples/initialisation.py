"""How the first weights spread values through a deep network: "Deep Learning from Scratch", chapter 6.

Five layers of 100 units get normal inputs. With weights too large a sigmoid saturates, too small and all units say the same; Xavier's
rule fits a sigmoid or tanh, He's fits ReLU. One picture per rule and activation, in `--out`.

    python examples/initialisation.py
"""
from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import minigrad as mg
from minigrad import nn, viz

UNITS, LAYERS = 100, 5

# name: how a weight is filled, and the activation
RULES: dict[str, tuple[Callable[[mg.Tensor], mg.Tensor], type[nn.Module]]] = {
    "std_1_sigmoid": (lambda w: nn.init.normal_(w, std=1.0), nn.Sigmoid),
    "std_0.01_sigmoid": (lambda w: nn.init.normal_(w, std=0.01), nn.Sigmoid),
    "xavier_sigmoid": (nn.init.xavier_normal_, nn.Sigmoid),
    "xavier_tanh": (nn.init.xavier_normal_, nn.Tanh),
    "xavier_relu": (nn.init.xavier_normal_, nn.ReLU),
    "he_relu": (lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"), nn.ReLU),
}


def network(fill: Callable[[mg.Tensor], mg.Tensor], activation: type[nn.Module]) -> nn.Sequential:
    """Linear layers without bias, each followed by the activation."""
    model = nn.Sequential()
    for i in range(1, LAYERS + 1):
        linear = nn.Linear(UNITS, UNITS, bias=False)
        fill(linear.weight)
        model.add_module(f"linear{i}", linear)
        model.add_module(f"layer{i}", activation())
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("runs/initialisation"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, (fill, activation) in RULES.items():
        mg.manual_seed(0)
        model = network(fill, activation)
        x = mg.randn(1000, UNITS)
        figure = viz.activation_histograms(model, x, layers=[f"layer{i}" for i in range(1, LAYERS + 1)])
        figure.savefig(args.out / f"{name}.png")
        print(f"{name:18} std of the last layer {model(x).std().item():.3f}")
    print(f"pictures in {args.out}/")


if __name__ == "__main__":
    main()

"""Perceptrons as logic gates, and XOR, which takes two layers of them.

The gates have weights set by hand; XOR is built from them first, then learned by a network of one hidden layer.

    python examples/perceptron.py
"""
from __future__ import annotations

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, optim

INPUTS = mg.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = mg.tensor([0.0, 1.0, 1.0, 0.0])

GATES = {"AND": ((0.5, 0.5), -0.7), "NAND": ((-0.5, -0.5), 0.7), "OR": ((0.5, 0.5), -0.2)}    # weights, bias


def gate(name: str, x: mg.Tensor) -> mg.Tensor:
    """The perceptron of a gate: 1 where w x + b > 0."""
    weights, bias = GATES[name]
    return (x @ mg.tensor(weights) + bias > 0).float()


def xor_of_gates(x: mg.Tensor) -> mg.Tensor:
    """XOR = AND(NAND, OR): a line cannot do it, two layers can."""
    return gate("AND", mg.stack([gate("NAND", x), gate("OR", x)], 1))


def learn_xor(steps: int = 400) -> nn.Module:
    """A network with four hidden units that learns XOR."""
    mg.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0))
    optimizer = optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    for _ in range(steps):
        loss = F.binary_cross_entropy_with_logits(model(INPUTS), XOR)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"learned XOR: loss {loss.item():.5f} after {steps} steps")
    return model


def main() -> None:
    table = {name: gate(name, INPUTS) for name in GATES} | {"XOR of gates": xor_of_gates(INPUTS)}
    model = learn_xor()
    with mg.no_grad():
        table["XOR learned"] = (model(INPUTS) > 0).float()
    print("inputs      ", "  ".join(f"{a:.0f} {b:.0f}" for a, b in INPUTS.tolist()))
    for name, outputs in table.items():
        print(f"{name:12} ", "    ".join(f"{v:.0f}" for v in outputs.tolist()))


if __name__ == "__main__":
    main()

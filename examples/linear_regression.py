"""Linear regression with matrices: three quiz scores predict the final exam.

Five students with scores such as 73, 80, 75 and a final mark of 152; one weight per quiz, learned by gradient descent.

    python examples/linear_regression.py
"""
from __future__ import annotations

import minigrad as mg

SCORES = mg.tensor([[73.0, 80.0, 75.0], [93.0, 88.0, 93.0], [89.0, 91.0, 90.0], [96.0, 98.0, 100.0], [73.0, 66.0, 70.0]])
FINALS = mg.tensor([[152.0], [185.0], [180.0], [196.0], [142.0]])


def fit(steps: int = 2000, lr: float = 1e-5) -> tuple[mg.Tensor, mg.Tensor]:
    """Weights (3, 1) and bias (1,) that minimise the mean squared error."""
    mg.manual_seed(0)
    w, b = mg.randn(3, 1, requires_grad=True), mg.zeros(1, requires_grad=True)
    for step in range(steps + 1):
        cost = ((SCORES @ w + b - FINALS) ** 2).mean()
        cost.backward()
        with mg.no_grad():
            for p in (w, b):
                p -= lr * p.grad
                p.grad = None
        if step % (steps // 5) == 0:
            print(f"step {step:>4}: cost {cost.item():10.4f}")
    return w.detach(), b.detach()


def main() -> None:
    w, b = fit()
    print("weights", [round(v, 3) for v in w.flatten().tolist()], "bias", round(b.item(), 3))
    for scores, final, guess in zip(SCORES.tolist(), FINALS.flatten().tolist(), (SCORES @ w + b).flatten().tolist()):
        print(f"{scores[0]:.0f} {scores[1]:.0f} {scores[2]:.0f} -> {final:.0f}, predicted {guess:.1f}")


if __name__ == "__main__":
    main()

"""Look for a step size and a weight decay by trying, as "Deep Learning from Scratch" does in chapter 6.

A network with six hidden layers of 100 learns 400 digits for 50 epochs; 100 others say how well. 100 trials take their step size between
1e-6 and 1e-2 and their weight decay between 1e-8 and 1e-4, with evenly distributed logarithms. Pictures show the best twenty, and all.

    python examples/hyperparameter_search.py                                # at random, as in the book
    python examples/hyperparameter_search.py --method tpe --prune median    # Bayesian; bad trials end early

`--workers 2` tries with two processes at once. The same command goes on where it was stopped; `--trials 200` tries 100 more.
"""
from __future__ import annotations

import argparse
import functools
import itertools
import sys
from pathlib import Path
from typing import Any

import minigrad as mg
from minigrad import nn, optim
from minigrad.train import Range, Trainer, search
from minigrad.train.callbacks import Pruning
from minigrad.vision.datasets import mnist_arrays
from minigrad.viz.learning import search_results, trial_curves

SPACE = {"lr": Range(1e-6, 1e-2, log=True), "weight_decay": Range(1e-8, 1e-4, log=True)}


@functools.cache
def digits(data_dir: Path | None) -> tuple[mg.Tensor, mg.Tensor]:
    """The first 500 images (500, 784) in [0, 1] and their labels."""
    pixels, labels, _ = mnist_arrays(data_dir)
    return mg.tensor(pixels[:500]).float().div(255).reshape(-1, 784), mg.tensor(labels[:500])


def network() -> nn.Sequential:
    """784 numbers -> 10 logits, He initialisation."""
    widths = [784, *[100] * 6]
    layers = [layer for a, b in itertools.pairwise(widths) for layer in (nn.Linear(a, b), nn.ReLU())]
    model = nn.Sequential(*layers, nn.Linear(100, 10))
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return model


def objective(trial: Any, data_dir: Path | None, epochs: int) -> float:
    """The accuracy on the held-out digits after the last epoch."""
    x, t = digits(data_dir)
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=trial.params["lr"], weight_decay=trial.params["weight_decay"])
    trainer = Trainer(model, "cross_entropy", optimizer, metrics=["accuracy"], callbacks=[Pruning(trial)])
    history = trainer.fit((x[100:], t[100:]), (x[:100], t[:100]), epochs=epochs, batch_size=100)
    trial.set_user_attr("history", dict(history))
    return history["val_accuracy"][-1]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--method", choices=["random", "tpe"], default="random")
    parser.add_argument("--prune", choices=["median", "halving"])
    parser.add_argument("--workers", type=int, default=1, help="processes that try at once")
    parser.add_argument("--data-dir", type=Path, help="folder with MNIST's four IDX files; without it, the bundled images")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/hyperparameter_search"), help="where the study and the picture go")
    args = parser.parse_args(arguments)
    name = f"{args.method}-{args.prune or 'whole'}"
    study = search(functools.partial(objective, data_dir=args.data_dir, epochs=args.epochs), SPACE, args.trials, method=args.method,
                   prune=args.prune, workers=args.workers, file=args.out / f"{name}.log", seed=args.seed)
    finished = sorted((t for t in study.trials if t.state.name == "COMPLETE"), key=lambda t: -t.value)
    print(f"{len(finished)} trials went to their end, {sum(t.state.name == 'PRUNED' for t in study.trials)} were given up")
    for place, trial in enumerate(finished[:20], 1):
        print(f"{place:>2}. accuracy {trial.value:.2f}, lr {trial.params['lr']:.2e}, weight decay {trial.params['weight_decay']:.2e}")
    trial_curves(study, best=20).savefig(args.out / f"{name}.png", dpi=90)
    search_results(study).savefig(args.out / f"{name}-map.png", dpi=90)
    print(f"the curves of the best are in {args.out / name}.png, all trials in {args.out / name}-map.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())

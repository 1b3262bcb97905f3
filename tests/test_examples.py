"""The examples run and learn; the training job can be stopped and taken up again without a trace."""
from __future__ import annotations

import functools
import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.vision.datasets import mnist_arrays
from minigrad.vision.datasets.idx import idx_bytes

EXAMPLES = Path(__file__).parents[1] / "examples"
EPOCHS, BATCHES = 2, 4                               # of the training job below, with 100 images


def load(name: str) -> Any:
    """An example as a module; with MNIST files of any content."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if hasattr(module, "mnist_arrays"):
        module.mnist_arrays = functools.partial(mnist_arrays, verify=False)
    return module


def write_digits(folder: Path, train: int, test: int) -> Path:
    """MNIST's four files with the first digits of the bundled subset."""
    for kind, is_train, count in (("train", True, train), ("t10k", False, test)):
        images, labels, _ = mnist_arrays(train=is_train)
        (folder / f"{kind}-images-idx3-ubyte").write_bytes(idx_bytes(images[:count]))
        (folder / f"{kind}-labels-idx1-ubyte").write_bytes(idx_bytes(labels[:count].astype(np.uint8)))
    return folder


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_digits(tmp_path_factory.mktemp("digits"), 400, 100)


# ---------------------------------------------------------------- the small ones
def test_linear_regression(capsys: pytest.CaptureFixture[str]) -> None:
    load("linear_regression").main()
    lines = [line for line in capsys.readouterr().out.splitlines() if "predicted" in line]
    pairs = [[float(v) for v in line.split("-> ")[1].split(", predicted ")] for line in lines]
    assert len(pairs) == 5
    assert max(abs(final - guess) for final, guess in pairs) < 5


def test_perceptron(capsys: pytest.CaptureFixture[str]) -> None:
    load("perceptron").main()
    table = {line[:12].strip(): line[13:].split() for line in capsys.readouterr().out.splitlines()}
    assert table["AND"] == ["0", "0", "0", "1"]
    assert table["NAND"] == ["1", "1", "1", "0"]
    assert table["OR"] == ["0", "1", "1", "1"]
    assert table["XOR of gates"] == table["XOR learned"] == ["0", "1", "1", "0"]


def test_pictures_of_initialisation_and_of_optimizers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(sys, "argv", ["example", "--out", str(tmp_path / "init")])
    load("initialisation").main()
    assert len(list((tmp_path / "init").glob("*.png"))) == 6
    std = {line.split()[0]: float(line.split()[-1]) for line in capsys.readouterr().out.splitlines() if "std of the last layer" in line}
    assert std["std_0.01_sigmoid"] < 0.05 < std["xavier_relu"] < 0.5 < std["he_relu"] < 1.5
    monkeypatch.setattr(sys, "argv", ["example", "--out", str(tmp_path / "paths.png")])
    load("optimizer_paths").main()
    assert (tmp_path / "paths.png").read_bytes().startswith(b"\x89PNG")


def test_two_layer_net(digits: Path) -> None:
    example = load("two_layer_net")
    assert example.check_gradients() < 1e-8
    assert example.train(steps=300, data_dir=digits, lr=1.0) > 0.6


def test_simple_convnet(digits: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["simple_convnet.py", "--epochs", "6", "--data-dir", str(digits)])
    load("simple_convnet").main()
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("epoch 6: loss ")
    assert float(last.split()[-1]) > 0.6


# ---------------------------------------------------------------- the training job
@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """`job(out, *options, each=)`: `deep_convnet.main` on a few digits; `each(batches)` is called after every batch."""
    for library in ("rich", "matplotlib", "pygraphviz"):
        pytest.importorskip(library)
    data = write_digits(tmp_path_factory.mktemp("few_digits"), 100, 20)

    def run(out: Path, *options: str, each: Callable[[int], None] = lambda batches: None, pictures: bool = False) -> int:
        example = load("deep_convnet")
        step, done = example.Job.train_step, []

        def train_step(self: Any, x: mg.Tensor, t: mg.Tensor) -> None:
            step(self, x, t)
            done.append(len(t))
            each(len(done))
        example.Job.train_step = train_step
        if not pictures:
            example.draw = lambda job, out: None
        handler = signal.getsignal(signal.SIGINT)
        try:
            return int(example.main(["--epochs", str(EPOCHS), "--batch-size", "25", "--data-dir", str(data), "--out", str(out), *options]))
        finally:
            signal.signal(signal.SIGINT, handler)
    return run


@pytest.fixture(scope="module")
def straight(job: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run from start to end."""
    out = tmp_path_factory.mktemp("straight")
    assert job(out, pictures=True) == 0
    return out


def outcome(out: Path) -> tuple[dict[str, bytes], list[dict[str, float]]]:
    """The weights bit for bit, and the history without the times."""
    weights = {name: w.numpy().tobytes() for name, w in mg.load(out / "weights.safetensors").items()}
    history = json.loads((out / "history.json").read_text(encoding="utf-8"))
    return weights, [{k: v for k, v in entry.items() if k != "seconds"} for entry in history]


def test_deep_convnet_leaves_results_and_pictures(straight: Path) -> None:
    weights, history = outcome(straight)
    assert sum(map(len, weights.values())) == 4 * 123_552
    assert [entry["epoch"] for entry in history] == [1, 2]
    assert "<svg" in (straight / "graph.svg").read_text(encoding="utf-8")
    for name in ("learning_curve.png", "filters.png", "mistakes.png"):
        assert (straight / name).read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_gives_the_same_weights(job: Callable[..., Any], straight: Path, tmp_path: Path) -> None:
    assert job(tmp_path) == 0
    assert outcome(tmp_path) == outcome(straight)
    assert job(tmp_path, "--seed", "1") == 0
    assert outcome(tmp_path)[0] != outcome(straight)[0]


@pytest.mark.filterwarnings("ignore:Detected call of")     # the schedule's first step comes before this process's first optimizer step
@pytest.mark.parametrize("at", [1, BATCHES, BATCHES + 1], ids=["first batch", "last batch of an epoch", "second epoch"])
def test_interrupted_and_resumed(job: Callable[..., Any], straight: Path, tmp_path: Path, at: int,
                                 capsys: pytest.CaptureFixture[str]) -> None:
    batches: list[int] = []

    def interrupt(batch: int) -> None:
        batches.append(batch)
        if batch == at:
            signal.raise_signal(signal.SIGINT)
    assert job(tmp_path, each=interrupt) == 130
    assert batches[-1] == at
    assert not (tmp_path / "weights.safetensors").exists()
    epoch, batch = divmod(at - 1, BATCHES)
    assert f"stopped in epoch {epoch + 1} after batch {batch + 1}; go on with --resume" in capsys.readouterr().out
    assert job(tmp_path, "--resume", each=batches.append) == 0
    assert len(batches) == EPOCHS * BATCHES          # none twice, none left out
    assert outcome(tmp_path) == outcome(straight)


def test_a_second_interrupt_stops_at_once(job: Callable[..., Any], tmp_path: Path) -> None:
    def interrupt_twice(batch: int) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        job(tmp_path, each=interrupt_twice)
    assert list(tmp_path.iterdir()) == []


def test_accuracy_below_the_wanted_one_is_an_error(job: Callable[..., Any], straight: Path, tmp_path: Path) -> None:
    (tmp_path / "checkpoint.safetensors").write_bytes((straight / "checkpoint.safetensors").read_bytes())
    assert job(tmp_path, "--resume", "--min-accuracy", "1.01") == 1
    assert outcome(tmp_path) == outcome(straight)


WAITING = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import tests.test_examples as tests
class Factory:
    mktemp = staticmethod(lambda name: Path(sys.argv[2]))
def each(batch):
    print("batch", batch, flush=True)
    sys.stdin.readline()
sys.exit(tests.job.__wrapped__(Factory)(Path(sys.argv[3]), each=each))
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for one process")
def test_control_c_from_outside(job: Callable[..., Any], straight: Path, tmp_path: Path) -> None:
    """A process of its own, stopped by a signal in the middle of an epoch, resumed here."""
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    command = [sys.executable, "-c", WAITING, str(EXAMPLES.parent), str(data), str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        batches = []
        for line in process.stdout:
            if line.startswith("batch"):             # it waits for a line now
                batches.append(line)
                if len(batches) == 3:
                    process.send_signal(signal.SIGINT)
                process.stdin.write("\n")
            last = line
        assert process.wait(60) == 130
    assert batches == ["batch 1\n", "batch 2\n", "batch 3\n"]
    assert last == "stopped in epoch 1 after batch 3; go on with --resume\n"
    assert job(out, "--resume") == 0
    assert outcome(out) == outcome(straight)


# ---------------------------------------------------------------- the training toolkit
def test_mnist_best_goes_on_and_decides_by_validation(digits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--data-dir", str(digits), "--members", "2", "--batch-size", "40", "--out"]
    example = load("mnist_best")
    assert example.main([*options, str(tmp_path / "whole"), "--epochs", "4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("367 images to train with, 33 to decide by")
    assert len([line for line in lines if "member seed" in line]) == 8
    result = json.loads((tmp_path / "whole" / "result.json").read_text(encoding="utf-8"))
    assert result["chosen"] == min(result["validation"], key=lambda way: (-result["validation"][way][0], result["validation"][way][1]))
    assert result["test_accuracy"] > 0.6
    stopped = load("mnist_best")
    epoch_before = stopped.augmented
    left = iter(range(13))                           # 10 batches in an epoch

    def augmented(images: mg.Tensor) -> mg.Tensor:
        if next(left, None) is None:
            signal.raise_signal(signal.SIGINT)
        return epoch_before(images)

    stopped.augmented = augmented
    before = signal.signal(signal.SIGINT, signal.default_int_handler)        # a job in the background may ignore it
    try:
        assert stopped.main([*options, str(tmp_path / "parts"), "--epochs", "4"]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert load("mnist_best").main([*options, str(tmp_path / "parts"), "--epochs", "4"]) == 0
    for name in ("result.json", "weights-0.safetensors", "weights-1.safetensors"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes()


def test_augmented_digits_are_the_same_digits_a_little_moved(digits: Path) -> None:
    example = load("mnist_best")
    pixels, _, _ = example.images(digits, True)
    mg.manual_seed(0)
    seen = example.augmented(pixels)
    assert seen.shape == pixels.shape
    assert not (seen == example.augmented(pixels)).all()
    here = mg.arange(28).float()
    for dim in (2, 3):                               # the centre of the ink, before and after
        shape = [28 if d == dim else 1 for d in range(4)]
        before, after = ((t * here.reshape(shape)).sum((1, 2, 3)) / t.sum((1, 2, 3)) for t in (pixels, seen))
        assert 0.5 < (after - before).std().item() < 2
        assert abs((after - before).mean().item()) < 0.3
    ink = seen.sum((1, 2, 3)) / pixels.sum((1, 2, 3))
    assert 0.6 < ink.min().item() < ink.max().item() < 1.7


def test_transfer_learning(digits: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load("transfer_learning").main(["--data-dir", str(digits), "--per-class", "5", "--epochs", "6", "--repeats", "1"])
    lines = capsys.readouterr().out.splitlines()
    assert float(lines[0].split()[-1]) > 0.8
    found = {line.split()[0]: float(line.split()[1]) for line in lines[2:]}
    assert set(found) == {"scratch", "frozen", "fine-tuned"}
    assert min(found.values()) > 0.3                 # of five classes


def test_hyperparameter_search(digits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("optuna")
    pytest.importorskip("matplotlib")
    write_digits(tmp_path, 500, 1)
    example = load("hyperparameter_search")
    for trials in ("3", "7"):
        example.main(["--data-dir", str(tmp_path), "--trials", trials, "--epochs", "3", "--out", str(tmp_path)])
        lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("trial")]
        assert lines[0] == f"{trials} trials went to their end, 0 were given up"
        accuracies = [float(line.split()[2].rstrip(",")) for line in lines[1:-1]]
        assert accuracies == sorted(accuracies, reverse=True)
        assert len(accuracies) == int(trials)
    assert (tmp_path / "random-whole.png").read_bytes().startswith(b"\x89PNG")

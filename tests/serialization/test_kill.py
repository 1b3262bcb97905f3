"""A process that is killed while it saves leaves the old file or the new one, whole."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Forks a child that saves one state after the other, kills it at a random moment, and looks at the file; says how often it did,
# and how many kills left a half-written temporary file behind, so hit a save at work.
KILLER = """
import os, random, signal, sys, time
from pathlib import Path
import minigrad as mg
path, kills, format = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
random.seed(0)

def state(n):
    return {"model": {"w": mg.full((300, 300), float(n)), "b": mg.full((7,), float(n))}, "epoch": n, "names": [str(n)] * 3}

mg.save(state(0), path, format=format)
mg.load(path)
last = hits = 0
for _ in range(kills):
    child = os.fork()
    if child == 0:
        n = last
        while True:
            n += 1
            mg.save(state(n), path, format=format)
    time.sleep(random.uniform(0.002, 0.03))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    found = mg.load(path)
    n = found["epoch"]
    assert n >= last, (n, last)
    assert found["names"] == [str(n)] * 3 and all((t == n).all() for t in found["model"].values()), n
    last = n
    left = [p for p in path.parent.iterdir() if p != path]
    hits += bool(left)
    for p in left:
        assert p.name.startswith("." + path.name) and p.name.endswith(".part"), p
        p.unlink()
print(kills, last > kills // 10, hits > kills // 10)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("format", ["safetensors", "torch"])
def test_two_hundred_kills(format: str, tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", KILLER, str(tmp_path / "model.bin"), "200", format], capture_output=True, text=True,
                         timeout=120, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert ran.stdout == "200 True True\n", ran.stderr

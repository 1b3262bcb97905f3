"""`python -m minigrad warmup`: it uses every kernel, and what it has compiled is there for other programs."""
from __future__ import annotations

import re

import pytest

from minigrad import cli
from minigrad.utils.warmup import PROGRAMS

from .kernels.both import compiled
from .kernels.processes import python

TRAIN = """
import minigrad as torch, minigrad.nn as nn, minigrad.nn.functional as F
net = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1),
    nn.ReLU(), nn.Conv2d(32, 32, 3, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
    nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1024, 50), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(50, 10), nn.Dropout(0.5))
optimizer = torch.optim.Adam(net.parameters())
for batch in (100, 7):
    loss = F.cross_entropy(net(torch.randn(batch, 1, 28, 28)), torch.arange(batch) % 10)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
WARM_UP = """
from minigrad import cli
from minigrad.kernels import cpu
from minigrad.kernels.cpu.elementwise import OPS, loop
from minigrad.utils.warmup import PROGRAMS
assert cli.main(["warmup", *PROGRAMS]) == 0
unused = [name for names in cpu._FILES.values() for name in names if name not in vars(cpu)]
print(unused, [name for name in OPS if not loop(name, False).signatures])
"""


@compiled
def test_every_kernel_is_used_and_another_program_finds_them() -> None:
    """In the folder of all tests: what this compiles, they would compile."""
    *lines, unused = python(WARM_UP).stdout.splitlines()
    assert [line.split(",")[0] for line in lines] == list(PROGRAMS)
    assert all(re.search(r"float32: \d+ kernels compiled, \d+ were there, [\d.]+ s; they are in ", line) for line in lines)
    assert unused == "['max_pool2d_gather', 'max_pool2d_flat'] []"               # for second gradients and for indices
    assert python(TRAIN).stderr == ""


def test_a_program_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["warmup", "jump"]) == 2
    assert "minigrad warmup: jump: no such program; there are images, words, functions, rules, halves" in capsys.readouterr().err


def test_the_reference_kernels_need_no_compiling() -> None:
    code = "from minigrad import cli; cli.main(['warmup'])"
    assert python(code, MINIGRAD_KERNELS="reference").stdout == "The reference kernels are in use: there is nothing to compile.\n"

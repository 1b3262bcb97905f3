"""When kernels are compiled, and what is said about it; each test in a process of its own."""
from __future__ import annotations

import os
from pathlib import Path

from .both import compiled
from .processes import python

POOL = """
import numpy as np
from minigrad.kernels import cpu
x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
print(cpu.adaptive_avg_pool2d(x, (1, 1)).item())
"""
NOTICE = "minigrad: compiling kernels for this CPU"


@compiled
def test_the_first_compile_says_so_and_later_processes_are_silent(tmp_path: Path) -> None:
    first, second = (python(POOL, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2))
    assert first.stdout == second.stdout == "7.5\n"
    assert first.stderr.count(NOTICE) == 1
    assert second.stderr == ""


@compiled
def test_without_a_writeable_cache_kernels_still_run_and_one_line_says_it() -> None:
    done = python(POOL, NUMBA_CACHE_DIR=os.devnull + "/no/such/folder")
    assert done.stdout == "7.5\n"
    assert done.stderr.count("minigrad: compiled kernels cannot be kept") == 1
    assert done.stderr.count("NUMBA_CACHE_DIR") == 1


def test_importing_the_kernels_does_not_import_numba() -> None:
    assert python("import sys, minigrad.kernels.cpu; print('numba' in sys.modules)").stdout == "False\n"


SMALL_NET = """
import sys
import minigrad as torch, minigrad.nn.functional as F
torch.manual_seed(0)
x = torch.randn(16, 3, 20, 20)
w, v = (torch.randn(8, 3, 3, 3) / 5).requires_grad_(), (torch.randn(8 * 81, 5) / 25).requires_grad_()
optimizer = torch.optim.Adam([w, v], lr=0.01)
for _ in range(3):
    hidden = F.gelu(F.max_pool2d(F.conv2d(x, w), 2)).flatten(1)
    loss = F.cross_entropy(F.layer_norm(hidden, (648,)) @ v, torch.arange(16) % 5)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(f"{loss.item():.4f} {w.sum().item():.3f}", "numba" in sys.modules)
"""


@compiled
def test_the_reference_kernels_where_numba_is_not_wanted_or_not_there() -> None:
    fast = python(SMALL_NET)
    plain = fast.stdout.replace("True", "False")
    assert fast.stdout != plain
    assert python(SMALL_NET, MINIGRAD_KERNELS="reference").stdout == plain
    assert python(SMALL_NET, NUMBA_DISABLE_JIT="1").stdout == plain
    missing = python("import sys; sys.modules['numba'] = None\n" + SMALL_NET.replace('"numba" in sys.modules', "False"))
    assert missing.stdout == plain


SHAPES = """
import numpy as np
from minigrad.kernels import cpu
from minigrad.kernels.cpu import cache, threads

def work(n, c, f, h, w, k, s, p):
    x, weight = np.ones((n, c, h, w), np.float32), np.ones((f, c, k, k), np.float32)
    options = (s, s), ((p, p), (p, p)), (1, 1), 1
    y = cpu.conv2d(x, weight, None, *options)
    cpu.conv2d_input(y, weight, x.shape, *options)
    cpu.conv2d_weight(y, x, weight.shape, *options)
    cpu.max_pool2d(y, (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), y.shape[2:])
    rows = y.reshape(len(y), -1)
    z, mean, var = cpu.layer_norm(rows, None, None, 1e-5)
    cpu.layer_norm_input(z, rows, None, mean, var, 1e-5)
    cpu.log_softmax(rows, 1)

for threads.PARALLEL_WORK in (10 ** 18, 0):          # by one thread, by two
    for shape in ((2, 4, 8, 12, 12, 5, 1, 2), (9, 8, 16, 30, 17, 4, 2, 1)):
        work(*shape)
        print(cache.tally["compiled"] + cache.tally["loaded"], end=" ")
"""


@compiled
def test_another_shape_needs_no_other_kernel() -> None:
    serial, same, parallel, again = map(int, python(SHAPES, NUMBA_NUM_THREADS="2").stdout.split())
    assert 0 < serial == same < parallel == again

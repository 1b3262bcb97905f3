"""pad, against PyTorch."""
from __future__ import annotations

import pytest

from tests.agree import agree, lines, refuse


@pytest.mark.parametrize("line", lines("""
    F.pad(x, (1, 1))
    F.pad(x, (1, 2, 3, 4), value=5.)
    F.pad(x, (1, 2, 3, 4, 5, 6), 'constant', 2)
    F.pad(x, (-1, 2))
    F.pad(x, (-2, -2))
    F.pad(x, ())
    F.pad(i, (1, 1), value=2.5)
    F.pad(x[:, :, :0], (1, 1))
    F.pad(x, (1, 1), mode='reflect')
    F.pad(x, (3, 3), mode='reflect')
    F.pad(x[0], (1, 1), mode='reflect')
    F.pad(x, (1, 1, 2, 1), mode='reflect')
    F.pad(x[None], (1, 1, 1, 1), mode='reflect')
    F.pad(x[None], (1, 1, 1, 1, 1, 1), mode='reflect')
    F.pad(x[None, None], (1, 1, 1, 1, 1, 0), mode='reflect')
    F.pad(x, (1, 1), mode='replicate')
    F.pad(x, (6, 7), mode='replicate')
    F.pad(x[None, None], (1, 1, 1, 1, 0, 1), mode='replicate')
    F.pad(x, (1, 1), mode='circular')
    F.pad(x, (4, 4), mode='circular')
    F.pad(x[None, None], (1, 1, 1, 1, 1, 1), mode='circular')
    F.pad(x, (-1, 1), mode='reflect')
    F.pad(x, (-1, 1), mode='replicate')
    F.pad(x, (-1, 1), mode='circular')
    F.pad(x, (1, 1), mode='reflect', value=0)
    F.pad(i[None], (1, 1), mode='reflect')
    F.pad(x[:0], (1, 1), mode='reflect')
"""))
def test_values_and_gradients(line: str) -> None:
    agree(line)


@pytest.mark.parametrize(("line", "match"), [
    ("F.pad(x, (1, 2, 3, 4, 5, 6, 7, 8))", "padding length 8 and input of dimension 3"),
    ("F.pad(x, (1,))", "divisible by 2"),
    ("F.pad(x, (-3, -2))", "cuts off more than there is"),
    ("F.pad(x, 1)", "must be tuple of ints, not int"),
    ("F.pad(i, (1, 1), value=float('inf'))", "without overflow"),
    ("F.pad(x, (1, 1), mode='foo')", "unrecognised padding mode foo"),
    ("F.pad(x, (4, 0), mode='reflect')", "padding \\(4, 0\\) at dimension 2 of input \\[2, 3, 4\\]"),
    ("F.pad(x, (5, 0), mode='circular')", "wrapping around more than once"),
    ("F.pad(x[0, 0], (1, 1), mode='reflect')", "padding size 2 is not supported for 1D input"),
    ("F.pad(x[None], (1, 1), mode='reflect')", "padding size 2 is not supported for 4D input"),
    ("F.pad(x, (1, 1), mode='reflect', value=3.)", "doesn't take in value argument"),
    ("F.pad(x[:, :, :0], (1, 1), mode='reflect')", "nothing to repeat along dimension 2"),
    ("F.pad(torch.tensor(3.), (1, 1))", "input of dimension 0"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)

"""What a hook may put in a gradient's place."""
from __future__ import annotations

from typing import Any

import pytest

import minigrad as mg
from tests.agree import agree, lines, refuse


@pytest.mark.parametrize("on", ["x", "y"])
@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(("returned", "words"), [
    ("torch.ones(2)", r"hook '<lambda>' has changed the size of value: it got a gradient of shape \(2, 3, 4\) and returned float32 \(2,\)"),
    ("g[:1]", "has changed the size of value"),
    ("g.float()", r"has changed the type of value: it got float64 and returned float32 \(2, 3, 4\); convert it with"),
    ("3", "expected a Tensor or None, but it returned int 3"),
])
def test_only_a_gradient_like_the_one_it_got(on: str, create_graph: bool, returned: str, words: str) -> None:
    refuse(f"y = x * 2; {on}.register_hook(lambda g: {returned}); (y * y).sum().backward(create_graph={create_graph})", words)


@pytest.mark.parametrize("line", lines("""
    y = x * 2; y.register_hook(lambda g: None); (y * y).sum().backward(); x.grad
    y = x * 2; y.register_hook(lambda g: g * 3); y.register_hook(lambda g: g + 1); (y * y).sum().backward(); x.grad
    y = x * 2; h = y.register_hook(lambda g: g * 3); h.remove(); (y * y).sum().backward(); x.grad
"""))
def test_hooks_change_gradients(line: str) -> None:
    agree(line)


def test_the_name_of_a_hook_is_in_its_error() -> None:
    class Halve:
        def __call__(self, g: Any) -> Any:
            return g[0]

    x = mg.ones(3, requires_grad=True)
    x.register_hook(Halve())
    with pytest.raises(RuntimeError, match="hook 'Halve' has changed the size of value"):
        x.sum().backward()

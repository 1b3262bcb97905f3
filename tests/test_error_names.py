"""What an error message begins with: the function that was called, whatever raised inside."""
from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

import minigrad
import minigrad.nn.functional as F
from minigrad.errors import MinigradError

NAMESPACES = {"": minigrad, "F.": F, "Tensor.": minigrad.Tensor, "linalg.": minigrad.linalg, "special.": minigrad.special,
              "fft.": minigrad.fft}

# Wrong calls that anybody makes.
CALLS = {
    "no argument": lambda f, x: f(),
    "None": lambda f, x: f(None),
    "a list": lambda f, x: f([1.0, 2.0]),
    "a string": lambda f, x: f("s"),
    "a misspelt keyword": lambda f, x: f(x, inplce=True),
    "bools": lambda f, x: f(x > 0),
    "complex numbers": lambda f, x: f(x + 0j),
    "another dtype": lambda f, x: f(x, x > 0),
    "another shape": lambda f, x: f(x, minigrad.ones(7, 5)),
    "None as second": lambda f, x: f(x, None),
}

# A tensor in the place of an option may be asked for its value, and says so itself.
# Functions that are made by others, whose own name Python's errors tell; and what takes anything as its first argument.
LEFT = re.compile(r"(gru|lstm|rnn_relu|rnn_tanh|grid_sampler_[23]d|adaptive_max_pool\dd(_with_indices)?|broadcast_tensors|broadcast_shapes"
                  r"|cartesian_prod|meshgrid|einsum|chain_matmul|multi_dot|column_stack|[hvd]stack|row_stack|block_diag|.*_copy"
                  r"|.*_lowrank|lobpcg|.*_|is_(neg|conj)|resolve_.*|cholesky_inverse|contiguous|bincount|conj.*|positive)")


def public() -> Iterator[tuple[str, str, Any]]:
    """(namespace, name, function) of everything that `ops/` offers."""
    for space, holder in NAMESPACES.items():
        for name in sorted(dir(holder)):
            function = getattr(holder, name, None)
            if name[0] != "_" and not isinstance(function, type) and str(getattr(function, "__module__", "")).startswith("minigrad.ops"):
                yield space, name, function


ALL = list(public())
ALIASES: dict[int, set[str]] = {}
for _, _name, _function in ALL:
    ALIASES.setdefault(id(_function), set()).add(_name)


def names(text: str, function: Any, name: str) -> bool:
    known = ALIASES[id(function)] | {name, getattr(function, "__name__", name).rpartition(".")[2]}
    return any(re.search(rf"\b{re.escape(n.rstrip('_'))}_?\b", text) for n in known)


@pytest.mark.parametrize("wrong", CALLS)
def test_our_errors_name_the_function_that_was_called(wrong: str) -> None:
    x = minigrad.ones(3, 4)
    silent = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for space, name, function in ALL:
            try:
                CALLS[wrong](function, x)
            except MinigradError as error:
                text = str(error).partition("\n")[0]
                if not names(text, function, name) and not re.match("(bool|int|float|index|abs): ", text):
                    silent.append(f"{space}{name}: {text[:120]}")
            except Exception:                        # Python's, and NumPy's: below
                continue
    assert silent == []


@pytest.mark.parametrize("wrong", ["None", "a list", "a string"])
def test_what_is_no_tensor_is_refused_in_our_words(wrong: str) -> None:
    x = minigrad.ones(3, 4)
    silent = []
    for space, name, function in ALL:
        if space == "Tensor." or LEFT.fullmatch(name):
            continue
        try:
            CALLS[wrong](function, x)
        except (MinigradError, TypeError):           # TypeError: further arguments are missing
            continue
        except Exception as error:
            silent.append(f"{space}{name}: {type(error).__name__}: {error}")
    assert silent == []


@pytest.mark.parametrize(("call", "text"), [
    (lambda x: F.relu(x, inplce=True), r"^relu\(\) got an unexpected keyword argument 'inplce'"),
    (lambda x: F.binary_cross_entropy(x, x.long()), "^binary_cross_entropy: expected all operands to have the same dtype"),
    (lambda x: F.softmin(x > 0, 0), "^softmin: "),
    (lambda x: F.mse_loss(None, x), "^mse_loss: "),
    (lambda x: x.unfold(0, 99, 1, 3), "^unfold: takes 4 positional arguments"),
    (lambda x: minigrad.linalg.cholesky(None), r"^linalg.cholesky: A must be a Tensor; got None"),
    (lambda x: x.view(7, 7), "^view: "),
    (lambda x: minigrad.fft.fft([1.0]), r"^fft.fft: input must be a Tensor; got list of 1; make one with"),
    (lambda x: x.expand(None), "expand"),
])
def test_some_that_were_wrong(call: Any, text: str) -> None:
    with pytest.raises((MinigradError, TypeError), match=text):
        call(minigrad.ones(3, 4))


def test_errors_in_a_gradient_rule_keep_their_own_name() -> None:
    x = minigrad.ones(2, requires_grad=True)
    with pytest.raises(MinigradError, match=r"^backward: grad can be implicitly created only for scalar outputs"):
        (x * 2).backward()
    layer = minigrad.nn.Linear(3, 2)
    with pytest.raises(MinigradError, match=r"^linear: "):
        layer(minigrad.ones(2, 4))


def test_errors_survive_pickling() -> None:
    import pickle
    with pytest.raises(MinigradError) as told:
        F.softmin(minigrad.ones(2) > 0, 0)
    again = pickle.loads(pickle.dumps(told.value))
    assert type(again) is type(told.value)
    assert str(again) == str(told.value)

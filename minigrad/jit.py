"""`torch.jit`: functions and modules are returned as they are, since there is no TorchScript to turn them into."""
from __future__ import annotations

import builtins
from typing import Any, NoReturn
from typing import Final as Final

from .errors import UnsupportedError

__all__ = ["Final", "RecursiveScriptModule", "ScriptFunction", "ScriptModule", "annotate", "export", "freeze", "ignore", "interface",
           "is_scripting", "is_tracing", "isinstance", "load", "optimize_for_inference", "save", "script", "script_if_tracing",
           "script_method", "trace", "trace_module", "unused"]


class ScriptFunction:
    """What PyTorch makes of a function; here no function is one."""


class ScriptModule:
    """What PyTorch makes of a module; here no module is one."""


class RecursiveScriptModule(ScriptModule):
    """What PyTorch makes of a module with modules in it; here none is one."""


def script(obj: Any, *args: Any, **kwargs: Any) -> Any:
    """Return `obj` itself, which gives the same results; also as a decorator."""
    return obj


def trace(func: Any, example_inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
    """Return `func` itself. Unlike a traced function it looks at its inputs anew in each call."""
    return func


def trace_module(mod: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
    """Return `mod` itself."""
    return mod


def freeze(mod: Any, *args: Any, **kwargs: Any) -> Any:
    """Return `mod` itself."""
    return mod


def optimize_for_inference(mod: Any, *args: Any, **kwargs: Any) -> Any:
    """Return `mod` itself."""
    return mod


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """Return the decorated function itself, with or without options."""
    return drop if callable(drop) else lambda function: function


def unused(fn: Any) -> Any:
    """Return the decorated function itself."""
    return fn


def export(fn: Any) -> Any:
    """Return the decorated function itself."""
    return fn


def interface(obj: Any) -> Any:
    """Return the decorated class itself."""
    return obj


def script_method(fn: Any) -> Any:
    """Return the decorated method itself."""
    return fn


def script_if_tracing(fn: Any) -> Any:
    """Return the decorated function itself."""
    return fn


def isinstance(obj: Any, target_type: Any) -> bool:
    """Python's own answer; of `List[int]` and its like, whether `obj` is a list."""
    return builtins.isinstance(obj, getattr(target_type, "__origin__", None) or target_type)


def is_scripting() -> bool:
    """False: code always runs as it stands."""
    return False


def is_tracing() -> bool:
    """False: code always runs as it stands."""
    return False


def annotate(the_type: Any, the_value: Any) -> Any:
    """Return the value."""
    return the_value


def save(m: Any, f: Any, _extra_files: Any = None) -> NoReturn:
    """Raises UnsupportedError: there is no TorchScript to write."""
    raise UnsupportedError("jit.save: minigrad writes no TorchScript files; minigrad.save(model.state_dict(), file) saves the weights")


def load(f: Any, map_location: Any = None, _extra_files: Any = None) -> NoReturn:
    """Raises UnsupportedError: TorchScript files hold programs for PyTorch's interpreter."""
    raise UnsupportedError("jit.load: minigrad reads no TorchScript files; save the model's state_dict() in PyTorch and load that")

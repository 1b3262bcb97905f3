"""Where in the model a call happens: its path, the note on errors, and modules that no one will find."""
from __future__ import annotations

from typing import Any

from .. import config, mistakes
from ..engine.mode import Scope
from ..engine.node import OURS, quoted_line
from . import hooks
from .members import ModuleBase
from .parameter import Parameter
from .way import way_to

REMEDY = {list: "ModuleList", tuple: "ModuleList", set: "ModuleList", dict: "ModuleDict"}
warned: set[type] = set()                            # classes that were told about their hidden modules


def attend(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The longer way of a call: the first one of a module, or one with hooks."""
    if config.GUARD and type(module) not in warned:
        warn_of_hidden(module)
    if hooks.everywhere or any(getattr(module, kind) for kind in hooks.GLOBAL):
        return hooks.call(module, args, kwargs)
    module.__dict__["_attention"] = False
    return module.forward(*args, **kwargs)


def path_from(caller: Any, module: Any) -> str:
    """The path of a module from the one that calls it; `<Kind>` for one that is not below it."""
    if id(module) not in caller._paths:
        caller.__dict__["_paths"] = paths = {id(m): name for name, m in caller.named_modules()}
        paths.setdefault(id(module), None)
    found: str | None = caller._paths[id(module)]
    return f"<{type(module).__name__}>" if found is None else found


def warn_of_hidden(module: Any) -> None:
    """Warn, once per class, of modules and parameters in a plain list or dictionary: nothing trains or saves them."""
    known: set[int] | None = None
    for name, value in module.__dict__.items():
        kind = next((k for k in REMEDY if type(value) is k), None)
        if kind is None or name.startswith("_"):
            continue
        for item in value.values() if kind is dict else value:
            if not isinstance(item, (ModuleBase, Parameter)):
                continue
            if known is None:
                known = {id(m) for m in module.modules()} | {id(p) for p in module.parameters()}
            if id(item) not in known:
                remedy = REMEDY[kind].replace("Module", "Parameter") if isinstance(item, Parameter) else REMEDY[kind]
                warned.add(type(module))
                mistakes.tell(f"{type(module).__name__}: attribute {name!r} is a plain {kind.__name__} that holds a {type(item).__name__}, "
                              f"which parameters(), to(), train() and state_dict() do not see; make it an nn.{remedy}")
                return


def add(error: BaseException, scope: Scope | None) -> None:
    """Say on an error in which module it happened, and which shapes led there: the innermost call the one, the outermost the other."""
    if scope is None:
        return
    if not getattr(error, "placed", False):
        error.placed = True                          # type: ignore[attr-defined]
        call = scope                                 # the user's line: a container's own is none
        while OURS[call.code.co_filename] and call.parent is not None:
            call = call.parent
        error.add_note(f"minigrad: in {scope.path or 'the model'} ({scope.kind}), called at {quoted_line(call.code, call.lasti)}")
    if scope.parent is None and (told := way_to(error)):
        error.add_note(f"minigrad: shapes on the way: {told}")

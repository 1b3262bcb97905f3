"""Running a user's program as `__main__`, as plain Python runs it: the same argv, path, globals, traceback and exit code."""
from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec
from pkgutil import get_importer
from types import CodeType, ModuleType
from typing import Any, NoReturn

Found = tuple[CodeType, dict[str, Any]]              # a program and the globals that it starts with


def run_script(path: str, args: Sequence[str]) -> None:
    """`python path args`: a file, or a folder or zip file with a `__main__.py`."""
    sys.argv[:] = [path, *args]
    where = os.path.abspath(path)
    archive = get_importer(where)                    # None for a file that is no zip archive
    if archive is not None and (os.path.isdir(where) or hasattr(archive, "archive")):
        _set_path(where)
        spec = archive.find_spec("__main__")
        if spec is None:
            _give_up(1, f"can't find '__main__' module in {where!r}")
        run(lambda: _of_spec(spec))
    else:
        _set_path(os.path.dirname(os.path.realpath(path)))
        run(lambda: _of_file(path))


def run_module(name: str, args: Sequence[str]) -> None:
    """`python -m name args`: a module, or a package with a `__main__` in it."""
    sys.argv[:] = ["-m", *args]                      # as Python has it while it looks for the module
    _set_path(os.getcwd())

    def find() -> Found:
        spec = _spec_of(name)
        sys.argv[0] = spec.origin or name
        return _of_spec(spec)
    run(find)


def run(find: Callable[[], Found]) -> None:
    """Make the program a new `__main__` and execute it. What it raises is shown from its own first frame on."""
    try:
        code, start = find()
        main = ModuleType("__main__")
        if "__annotations__" in vars(sys.modules["__main__"]):           # as this version of Python begins
            main.__annotations__ = {}
        vars(main).update(start, __builtins__=builtins)
        sys.modules["__main__"] = main
        exec(code, vars(main))
    except SystemExit:
        raise
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        sys.excepthook = lambda *_: None             # shown: what is left to Python is the exit code, or the signal
        raise


def _of_file(path: str) -> Found:
    where = os.path.join(os.getcwd(), path)
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        _give_up(2, f"can't open file {where!r}: [Errno {error.errno}] {error.strerror}")
    code = compile(source, where, "exec", dont_inherit=True)
    return code, {"__file__": where, "__cached__": None, "__loader__": SourceFileLoader("__main__", where)}


def _of_spec(spec: ModuleSpec) -> Found:
    code: CodeType | None = spec.loader.get_code(spec.name)         # type: ignore[union-attr]
    if code is None:
        _give_up(1, f"No code object available for {spec.name}")
    package = spec.parent if spec.name != "__main__" else ""
    return code, {"__file__": spec.origin, "__cached__": spec.cached, "__loader__": spec.loader, "__spec__": spec, "__package__": package}


def _spec_of(name: str) -> ModuleSpec:
    """The module to run for `-m name`: of a package, its `__main__`."""
    try:
        spec = find_spec(name)
    except ModuleNotFoundError as error:             # a parent package is not there; what a parent raises itself goes on up
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        _give_up(1, f"Error while finding module specification for {name!r} (ModuleNotFoundError: {error})")
    if spec is None:
        _give_up(1, f"No module named {name}")
    if spec.submodule_search_locations is None:
        return spec
    inside = find_spec(f"{name}.__main__")
    if inside is None:
        _give_up(1, f"No module named {name}.__main__; {name!r} is a package and cannot be directly executed")
    return inside


def _set_path(folder: str) -> None:
    """Put the program's folder where Python had put ours: `python -m` the current one, a console script its own."""
    if sys.flags.safe_path:
        return
    sys.path[0] = folder


def _give_up(code: int, message: str) -> NoReturn:
    """Say what cannot be run, and exit as Python does for it."""
    print(f"minigrad run: {message}", file=sys.stderr)
    raise SystemExit(code)

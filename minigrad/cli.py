"""The command line: `python -m minigrad COMMAND ...`."""
from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

Arguments = Sequence[str]


def run(args: Arguments) -> int:
    """run SCRIPT.py [ARGUMENTS]      run a PyTorch program on minigrad; `import torch` gives minigrad
    run -m MODULE [ARGUMENTS]      the same for a module or a package
    """
    from .compat.program import run_module, run_script
    from .compat.standin import as_torch
    if args and args[0].startswith("-m"):            # -m NAME or -mNAME; all behind belongs to the program
        attached = [args[0][2:]] if args[0] != "-m" else []
        name, *rest = [*attached, *args[1:]] or [""]
        start: Callable[[str, Arguments], None] = run_module
        target = name
    else:
        target, *rest = args or [""]
        start = run_script
    if not target or target.startswith("-"):
        return usage(f"run: expects a script or -m MODULE; got {' '.join(args) or 'nothing'}")
    as_torch()
    start(target, rest)
    return 0


def warmup(args: Arguments) -> int:
    """warmup [--float64] [NAME ...]   compile kernels for this CPU ahead: images, words, functions, rules, or all of them
    """
    from .backend import NUMPY
    from .utils.warmup import PROGRAMS, in_processes, report
    names = [name for name in args if name != "--float64"]
    if unknown := [name for name in names if name not in PROGRAMS]:
        return usage(f"warmup: {unknown[0]}: no such program; there are {', '.join(PROGRAMS)}")
    if NUMPY.kernels.__name__.endswith(".reference"):
        print("The reference kernels are in use: there is nothing to compile.")
        return 0
    return max(report(name, len(names) < len(args)) for name in names) if names else in_processes(args)


def summary(args: Arguments) -> int:
    """summary MODULE:MODEL --input 1,1,28,28[:int64] ...   the layers of a model with shapes, parameters, multiplications and memory
    """
    from .compat.standin import as_torch
    from .errors import ArgumentError, ArgumentTypeError
    from .utils.locate import model_at, tensor_of_shape
    from .viz.layers import summary as summarise
    names, inputs = [], []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word.startswith("--input"):
            shape = word.removeprefix("--input").removeprefix("=") or (rest.pop(0) if rest else "")
            if (tensor := tensor_of_shape(shape)) is None:
                return usage(f"summary: --input expects a shape such as 1,1,28,28 or 1,16:int64; got {shape or 'nothing'}")
            inputs.append(tensor)
        else:
            names.append(word)
    if len(names) != 1 or ":" not in names[0] or not inputs:
        return usage(f"summary: expects MODULE:MODEL and at least one --input; got {' '.join(args) or 'nothing'}")
    with as_torch():                                 # a program for PyTorch will do
        try:
            model = model_at(names[0])
        except (ArgumentError, ArgumentTypeError) as error:
            print(f"minigrad summary: {error}", file=sys.stderr)
            return 2
        print(summarise(model, inputs))
    return 0


def doctor(args: Arguments) -> int:
    """doctor                          versions, BLAS, threads, kernels, GPU, extras; the exit code is 1 if something is wrong
    """
    from .utils.doctor import examine
    if args:
        return usage(f"doctor: takes no arguments; got {' '.join(args)}")
    found = examine()
    print(found)
    return int(bool(found.problems))


def graph(args: Arguments) -> int:
    """graph SCRIPT.py:NAME [-o graph.html] [--depth N] [--input SHAPE]   draw the graph of a tensor or model that a function returns
    """
    from .compat.standin import as_torch
    from .errors import ArgumentError
    from .viz.command import main as draw
    try:
        with as_torch():                             # a program for PyTorch will do
            return draw(args)
    except ArgumentError as error:
        return usage(str(error))


COMMANDS: dict[str, Callable[[Arguments], int]] = {"run": run, "summary": summary, "doctor": doctor, "warmup": warmup, "graph": graph}


def usage(complaint: str = "") -> int:
    """Print what there is; with a complaint, to stderr and with the exit code 2."""
    lines = [line.strip() for command in COMMANDS.values() for line in (command.__doc__ or "").strip().splitlines()]
    text = "\n".join(["usage: python -m minigrad COMMAND ...", "", *(f"  {line}" for line in lines), "  --version", "  --help"])
    if complaint:
        print(f"minigrad {complaint}\n\n{text}", file=sys.stderr)
        return 2
    print(text)
    return 0


def main(argv: Arguments | None = None) -> int:
    """Run one command; returns the exit code."""
    name, *rest = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in ("-h", "--help"):
        return usage()
    if name in ("-V", "--version"):
        from importlib.metadata import version
        print(f"minigrad {version('minigrad')}")
        return 0
    if name not in COMMANDS:
        return usage(f"{name}: no such command; there are {', '.join(COMMANDS)}")
    return COMMANDS[name](rest)

"""`python -m minigrad graph`: the picture of what a function in a script makes."""
from __future__ import annotations

import argparse
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .._tensor import Tensor
from ..errors import ArgumentError, MinigradError
from ..nn.module import Module
from .failure import explain
from .picture import GraphPicture, draw_graph


def main(args: Sequence[str]) -> int:
    """Draw, and say what was written. Returns the exit code: 1 where the program failed."""
    parser = argparse.ArgumentParser(prog="python -m minigrad graph", description="Draw the computation graph of a tensor, or of a model.")
    parser.add_argument("target", help="SCRIPT.py:NAME, a function without arguments that returns a Tensor, a Module, or (Module, inputs); "
                        "or such a thing itself")
    parser.add_argument("-o", "--output", help="graph.html, .svg, .png, .pdf, .dot, .mmd, .md or .txt; without it, text is printed")
    parser.add_argument("--depth", type=int, help="modules at this depth are drawn as one box each")
    parser.add_argument("--input", action="append", type=shape, metavar="1,3,224,224",
                        help="shape of an input of a Module; several times for several")
    parser.add_argument("--hide", default="", help="kinds, families or ops to leave out, such as parameter,constant,shape")
    parser.add_argument("--gradients", action="store_true", help="run a backward pass, too")
    parser.add_argument("--no-fold", action="store_true", help="draw repeated blocks one by one")
    options = parser.parse_args(args)
    code = 0
    try:
        picture = drawn(options)
    except ArgumentError:
        raise
    except Exception as error:
        if not isinstance(error, MinigradError) or error.__traceback__ is None:
            raise
        print(f"minigrad: {type(error).__name__}: {error}", file=sys.stderr)
        picture, code = explain(error, depth=options.depth), 1
    if options.output is None:
        print(picture, end="")
    else:
        print(f"{picture.save(options.output)}: {picture.graph.summary()}")
    return code


def shape(text: str) -> tuple[int, ...]:
    """`1,3,224,224` as a tuple."""
    return tuple([int(n) for n in text.replace("x", ",").split(",")])


def drawn(options: argparse.Namespace) -> GraphPicture:
    """The picture that the arguments ask for."""
    what, inputs = found(options.target)
    if options.input is not None:
        inputs = options.input[0] if len(options.input) == 1 else tuple(options.input)
    if isinstance(what, Module) and inputs is None:
        raise ArgumentError(f"graph: {options.target} is a {type(what).__name__}; say what to call it with: --input 1,3,224,224, or return "
                            "(model, inputs)")
    hide = [kind for kind in options.hide.split(",") if kind]
    return draw_graph(what, inputs, depth=options.depth, fold=not options.no_fold, hide=hide, gradients=options.gradients)


def found(target: str) -> tuple[Any, Any]:
    """What a script has under a name, called if it is a function: (tensors or Module, inputs or None)."""
    path, _, name = target.rpartition(":")
    if not path or not name.isidentifier():
        raise ArgumentError(f"graph: expects SCRIPT.py:NAME; got {target}")
    if not Path(path).is_file():
        raise ArgumentError(f"graph: there is no file {path}")
    folder = str(Path(path).resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)                   # as for a script that is run
    names = runpy.run_path(path, run_name="__graph__")
    if name not in names:
        raise ArgumentError(f"graph: {path} has no {name}; it has {', '.join([n for n in names if not n.startswith('_')])}")
    thing = names[name]
    if isinstance(thing, type) and issubclass(thing, Module) or callable(thing) and not isinstance(thing, Module):
        thing = thing()
    if isinstance(thing, tuple) and thing and isinstance(thing[0], Module):
        return thing[0], thing[1] if len(thing) == 2 else thing[1:]
    if not isinstance(thing, (Module, Tensor, list, tuple)):
        raise ArgumentError(f"graph: {target} gives a {type(thing).__name__}; it should give a Tensor, a Module, or (Module, inputs)")
    return thing, None

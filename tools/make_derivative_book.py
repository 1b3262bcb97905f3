"""Write docs/ops.md, the derivative book: every registered op with its signature, what it is, and its rules as the source has them.

    python tools/make_derivative_book.py
    python tools/make_derivative_book.py --check     # writes nothing; exit status 1 if the page is out of date
"""
from __future__ import annotations

import argparse
import ast
import functools
import importlib
import inspect
import pkgutil
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import minigrad.ops  # noqa: E402
from minigrad.engine.op import OPS  # noqa: E402
from minigrad.engine.spec import SHORT, Op, Rule  # noqa: E402

DOCUMENT = ROOT / "docs" / "ops.md"
INTRODUCTION = f"""# Derivative book

Every op with its gradient rules, as they stand in the source, in the order of the files in `minigrad/ops/`. A rule asks by name for what
it needs: `g` is the gradient of the output, `out` the output, {", ".join(f"`{s}` the {n}" for n, s in SHORT.items())};
`x_shape` and `x_dtype` are those of x. A function of `g` that rules call stands below the first op that calls it. Where an op
broadcasts, the engine reduces each gradient to its input's shape. Kept values come from the forward; those with a function are made
again by it where second gradients are wanted. What happens at kinks and ties: [kinks.md](kinks.md). Made by
`python tools/make_derivative_book.py`.
"""


# ---------------------------------------------------------------- from a function to its text
@functools.cache
def parsed(file: str) -> tuple[str, list[ast.Lambda]]:
    """The text of a file and its lambdas."""
    text = Path(file).read_text(encoding="utf-8")
    return text, [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Lambda)]


def written(function: Rule) -> str:
    """A lambda as the source has it, its further lines indented by four; of another function, its name."""
    code = function.__code__
    if code.co_name != "<lambda>":
        return function.__name__
    text, lambdas = parsed(code.co_filename)
    places = [(line, column) for line, _, column, end in code.co_positions() if line and end]     # without the prologue's (line, 0, 0)
    node = next(n for n in lambdas if n.lineno == code.co_firstlineno and all(
        (n.body.lineno, n.body.col_offset) <= place < (n.body.end_lineno, n.body.end_col_offset) for place in places))
    first, *rest = (ast.get_source_segment(text, node) or "").split("\n")
    return "\n".join([first, *textwrap.indent(textwrap.dedent("\n".join(rest)), "    ").split("\n")]) if rest else first


def helpers(rule: Rule) -> dict[str, Rule]:
    """The functions of g, no ops themselves, that a rule is or calls, and that these call."""
    found = {} if rule.__name__ == "<lambda>" else {rule.__name__: rule}
    waiting = [rule]
    while waiting:
        function = waiting.pop(0)
        for name in function.__code__.co_names:
            value = function.__globals__.get(name)
            if name in found or not inspect.isfunction(value) or hasattr(value, "op"):
                continue
            if "g" in inspect.signature(value).parameters or name.endswith("_rule"):
                found[name] = value
                waiting.append(value)
    return found


# ---------------------------------------------------------------- from an op to its section
class Bare(str):
    """An annotation that shows without quotes."""
    __repr__ = str.__str__


def signature(op: Op) -> str:
    s = inspect.signature(op.forward)
    parameters = [p.replace(annotation=Bare(p.annotation)) for p in s.parameters.values()]
    return op.name + str(s.replace(parameters=parameters, return_annotation=Bare(s.return_annotation)))


def rules(op: Op) -> dict[str, Rule]:
    """Short input name -> rule; the engine holds rules in the closures of its pullers."""
    return {op.short[i]: inspect.getclosurevars(pull).nonlocals["rule"] for i, pull in zip(op.inputs, op.pulls, strict=True)}


def section(op: Op, told: set[str]) -> str:
    """An op's part of the page; helpers in `told` have been shown."""
    doc = (inspect.getdoc(op.forward) or "").split("\n\n")[0].replace("\n", " ").replace("**", r"\*\*")
    lines = [f"{name}={written(rule)}" for name, rule in rules(op).items()]
    if op.kept:
        remakes = ",\n          ".join(f"{name}={written(remake)}" for name, remake in op.remake.items())
        lines.append(f"kept=dict({remakes})" if remakes else f"kept={op.kept}")
    for rule in rules(op).values():
        for name, helper in helpers(rule).items():
            if name not in told:
                told.add(name)
                lines += ["", inspect.getsource(helper).rstrip()]
    code = "\n".join(lines) if rules(op) else ""
    return f"\n### {op.name}\n`{signature(op)}`\n\n{doc}\n" + (f"\n```python\n{code}\n```\n" if code else "\nNo gradient.\n")


def page() -> str:
    """The text of docs/ops.md."""
    parts = [INTRODUCTION]
    for info in pkgutil.iter_modules(minigrad.ops.__path__):
        module = importlib.import_module(f"minigrad.ops.{info.name}")
        ops = [op for op in OPS.values() if op.forward.__module__ == module.__name__]
        if ops:
            told: set[str] = set()
            title = (module.__doc__ or "").split("\n\n")[0].replace("\n", " ")
            parts += [f"\n## {info.name}\n{title}\n", *[section(op, told) for op in ops]]
    return "".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    text = page()
    if options.check:
        return int(not DOCUMENT.exists() or DOCUMENT.read_text(encoding="utf-8") != text)
    DOCUMENT.write_text(text, encoding="utf-8")
    print(f"{DOCUMENT.name}: {text.count(chr(10) + '### ')} ops, {len(text) // 1024} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Begin a new op: its function, its method, its public name and its samples, with holes where thought is needed.

    python tools/new_op.py xlogy --stem special --inputs 2
    python tools/new_op.py xlogy --stem special --inputs 2 --dry-run     # prints the diff, writes nothing

A hole is a name that does not exist, such as `xlogy_rule_for_x_is_to_be_written`: tests, lint and types complain about it until
it is filled. A stem that does not exist yet gets its files. Exit status 1, and nothing written, if the name is taken.
"""
from __future__ import annotations

import argparse
import ast
import difflib
import keyword
import re
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
INIT, TENSOR = Path("minigrad/__init__.py"), Path("minigrad/_tensor.py")
LINE_LENGTH = 140

NEW_OPS = '''"""Say in a few words what the ops of this file have in common."""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..engine.op import op

if TYPE_CHECKING:
    from .._tensor import Tensor
'''
NEW_SAMPLES = '''"""Samples of ops/{stem}.py."""
from __future__ import annotations

from collections.abc import Iterator

from tests.ops.samples import Draw, S, samples
'''
FUNCTION = {
    1: '''

@op(promotes="to_float",
    x=lambda g, x, out: {name}_rule_for_x_is_to_be_written)
def {name}(input: Tensor) -> Tensor:
    """Say in one sentence what it is. Then what surprises: dtypes, edge cases, errors, the source of the formula."""
    return {name}_forward_is_to_be_written
''',
    2: '''

@op(broadcast=True, promotes="to_float",
    x=lambda g, x, y, out: {name}_rule_for_x_is_to_be_written,
    y=lambda g, x, y, out: {name}_rule_for_y_is_to_be_written)
def {name}(input: Tensor, other: Tensor) -> Tensor:
    """Say in one sentence what it is. Then what surprises: dtypes, edge cases, errors, the source of the formula."""
    return {name}_forward_is_to_be_written
'''}
SAMPLES = {
    1: '''

@samples("{name}", oracle=lambda x: {name}_oracle_is_to_be_written)
def {name}(r: Draw) -> Iterator[S]:
    yield S(r(3, 4))
    yield S(r())                                     # 0-d
    yield S(r(0, 3))                                 # empty
''',
    2: '''

@samples("{name}", oracle=lambda x, y: {name}_oracle_is_to_be_written)
def {name}(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r(3, 4))
    yield S(r(3, 1), r(4))                           # broadcasting
    yield S(r(), r(2))                               # 0-d
    yield S(r(0, 3), r(3))                           # empty
'''}


class RefusedError(Exception):
    """A name or a stem that cannot be used."""


class Edit(NamedTuple):
    """One file, before and after."""

    path: Path
    before: str
    after: str

    def diff(self) -> str:
        old, new = self.before.splitlines(keepends=True), self.after.splitlines(keepends=True)
        return "".join(difflib.unified_diff(old, new, f"a/{self.path}" if old else "/dev/null", f"b/{self.path}"))


# ---------------------------------------------------------------- reading
def read(path: Path) -> str:
    """The text of a file below the root; empty if there is none."""
    file = ROOT / path
    return file.read_text(encoding="utf-8") if file.exists() else ""


def bound(body: list[ast.stmt], imports: bool = True) -> set[str]:
    """The names that statements define, assign and, if wanted, import; those under an `if` included."""
    names: set[str] = set()
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)) and imports:
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
        elif isinstance(node, ast.If):
            names |= bound(node.body, imports)
    return names


def tensor_class() -> ast.ClassDef:
    """The class Tensor in `_tensor.py`."""
    return next(n for n in ast.parse(read(TENSOR)).body if isinstance(n, ast.ClassDef) and n.name == "Tensor")


def check(name: str, stem: str) -> None:
    """Raise RefusedError for what is no name, or is taken."""
    for word in (name, stem):
        if not re.fullmatch("[a-z][a-z0-9_]*", word) or keyword.iskeyword(word):
            raise RefusedError(f"{word!r} cannot be the name of a function or a module")
    if name in bound(ast.parse(read(INIT)).body):
        raise RefusedError(f"{name} is a public name already; see {INIT}")
    if name in bound(tensor_class().body):
        raise RefusedError(f"{name} is a method already; see {TENSOR}")
    files = [file.relative_to(ROOT) for file in sorted((ROOT / "minigrad/ops").glob("*.py"))]
    ops, samples = Path(f"minigrad/ops/{stem}.py"), Path(f"tests/ops/samples/{stem}.py")
    for path in [*files, samples]:
        if name in bound(ast.parse(read(path)).body, imports=path in (ops, samples)):
            raise RefusedError(f"{name} stands in {path} already")
    if ops in files and "op" not in bound(ast.parse(read(ops)).body):
        raise RefusedError(f"{ops} holds no ops; take a stem that does, or a new one")
    if ops not in files and (stem == name or stem in bound(ast.parse(read(INIT)).body)):
        raise RefusedError(f"a file must not share its name with a public function; choose another stem than {stem}")


# ---------------------------------------------------------------- writing
def inserted(text: str, line: int, new: str) -> str:
    """The text with `new` before line number `line`, counted from 1."""
    lines = text.splitlines(keepends=True)
    return "".join([*lines[:line - 1], new, *lines[line - 1:]])


def with_names(text: str, module: str, names: list[str]) -> str:
    """The text with these names imported from a module."""
    tree = ast.parse(text)
    missing = [n for n in names if n not in bound(tree.body)]
    if not missing:
        return text
    froms = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module != "__future__"]
    for node in froms:
        if "." * node.level + (node.module or "") == module:
            lines = text.splitlines(keepends=True)
            wanted = sorted({alias.name for alias in node.names} | set(missing), key=lambda n: (n.islower(), n))
            return "".join([*lines[:node.lineno - 1], f"from {module} import {', '.join(wanted)}\n", *lines[node.end_lineno:]])
    own = "" if froms and (froms[0].level or (froms[0].module or "").split(".")[0] == module.split(".")[0]) else "\n"
    before = froms[0].lineno if froms else (tree.body[1].end_lineno or 0) + 2       # docstring, then the import from __future__
    return inserted(text, before, f"from {module} import {', '.join(missing)}\n{own}")


def with_method(name: str, stem: str) -> str:
    """`_tensor.py` with the method after the last one of its stem, and the stem imported."""
    text, last, alias = read(TENSOR), 0, stem
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module == "ops":
            alias = next((a.asname for a in node.names if a.name == stem and a.asname), alias)
    body = tensor_class().body
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and isinstance(node.value.value, ast.Name):
            target = node.targets[0]
            if node.value.value.id == alias and isinstance(target, ast.Name) and not target.id.startswith("__"):
                last = node.end_lineno or 0
    if last:
        return inserted(text, last + 1, f"    {name} = {alias}.{name}\n")
    text = inserted(text, (body[-1].end_lineno or 0) + 1, f"\n    # {'-' * 60} {stem}\n    {name} = {alias}.{name}\n")
    if alias not in bound(ast.parse(text).body):
        lines = text.splitlines(keepends=True)
        start = lines.index("from .ops import (\n") + 1
        at = next(i for i, line in enumerate(lines[start:], start) if line == ")\n" or line.strip(" ,\n") > stem)
        text = inserted(text, at + 1, f"    {stem},\n")
    return text


def natural(line: str) -> list[tuple[int, str]]:
    """A sort key by which log2 comes before log10."""
    return [(int(part or 0), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", line)]


def with_export(name: str, stem: str) -> str:
    """`__init__.py` with the public name, in the order of the ops' files."""
    text, new = read(INIT), f"from .ops.{stem} import {name} as {name}\n"
    ops = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.startswith("from .ops.")]
    at = next((i for i, line in ops if natural(line) > natural(new)), ops[-1][0] + 1)
    return inserted(text, at, new)


def edits(name: str, stem: str, inputs: int) -> list[Edit]:
    """What changes, file by file."""
    ops, samples = Path(f"minigrad/ops/{stem}.py"), Path(f"tests/ops/samples/{stem}.py")
    filled = with_names(read(samples) or NEW_SAMPLES.format(stem=stem), "tests.ops.samples", ["Draw", "S", "samples"])
    filled = with_names(filled, "collections.abc", ["Iterator"])
    after = {
        ops: (read(ops) or NEW_OPS) + FUNCTION[inputs].format(name=name),
        TENSOR: with_method(name, stem),
        INIT: with_export(name, stem),
        samples: filled + SAMPLES[inputs].format(name=name)}
    return [Edit(path, read(path), text) for path, text in after.items()]


def line_of(path: Path, what: str) -> int:
    """The number of the first line that holds `what`."""
    return next(i for i, line in enumerate(read(path).splitlines(), 1) if what in line)


def next_steps(name: str, stem: str) -> str:
    """Where to edit, in the order of CONTRIBUTING.md."""
    ops, samples, tensor, init = f"minigrad/ops/{stem}.py", f"tests/ops/samples/{stem}.py", str(TENSOR), str(INIT)
    here = {ops: f"def {name}(", samples: f'samples("{name}"', tensor: f"    {name} = ", init: f"import {name} as {name}"}
    at = {path: f"{path}:{line_of(Path(path), what)}" for path, what in here.items()}
    return f"""Next:
  {at[ops]}  forward, rules, docstring; PyTorch's names and defaults in the signature
  {at[samples]}  what NumPy or SciPy gives; samples away from kinks
  tests/ops/test_{stem}.py  edge cases, dtypes, refusals: the same as PyTorch
  tests/ops/test_kinks.py  its gradient at kinks and ties, if it has any; then python tools/make_kinks.py
  {at[tensor]}  the method; also {name}_ = in_place(...) if PyTorch has it
  {at[init]}  the public name; minigrad/nn/functional.py if PyTorch has it there
Then:
  pytest tests/ops/test_contract.py -k {name}
  ruff check . && mypy
  python tools/make_derivative_book.py"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="the op's public name")
    parser.add_argument("--stem", default="elementwise", help="its file in minigrad/ops and tests/ops/samples (default: elementwise)")
    parser.add_argument("--inputs", type=int, choices=(1, 2), default=1, help="how many tensors it takes; two broadcast")
    parser.add_argument("--dry-run", action="store_true", help="print the diff and write nothing")
    options = parser.parse_args(arguments)
    try:
        check(options.name, options.stem)
        changes = edits(options.name, options.stem, options.inputs)
    except RefusedError as error:
        print(f"new_op: {error}", file=sys.stderr)
        return 1
    if options.dry_run:
        print("".join(edit.diff() for edit in changes), end="")
        return 0
    for edit in changes:
        (ROOT / edit.path).write_text(edit.after, encoding="utf-8")
        print(f"{'changed' if edit.before else 'made'} {edit.path}")
    print(next_steps(options.name, options.stem))
    return 0


if __name__ == "__main__":
    sys.exit(main())

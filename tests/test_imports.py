"""Imports go downwards only: a module may import what stands before it in this list, and its own floor's siblings."""
from __future__ import annotations

import ast
from pathlib import Path

import minigrad

ROOT = Path(minigrad.__file__).parent

# From the ground up. Modules of one floor are independent of each other unless they share a package.
FLOORS = [
    ["naming", "errors", "dtypes", "_device", "config", "rng", "_layout", "_size", "version", "compiler", "jit", "determinism", "precision",
     "dynamo", "xpu", "mps", "mtia", "cpu", "multiprocessing"],
    ["kernels", "allocation"], ["backend"], ["cupy_arrays"], ["threads", "accelerator"], ["engine"], ["mistakes"], ["ops"],
    ["_data", "_printing", "_interop", "_sharing", "_storage", "_subclass", "return_types"], ["_dlpack"], ["_tensor"],
    ["creation", "tapers", "frequencies"],
    ["_legacy", "introspection", "random", "types", "overrides"], ["testing"], ["profiler"], ["batching"], ["autograd"],
    ["linalg", "special", "fft", "signal", "func", "distributions", "amp", "backends", "__config__", "library"], ["cuda"],
    ["distributed", "futures", "fx", "library"], ["nn"], ["checkpoints"], ["serialization"], ["optim"], ["hub"], ["utils"],
    ["vision"], ["viz"], ["train"],
    ["onnx", "compat", "_einops", "_einops_layers"], ["cli"], ["__main__", "__init__"],
]
HEIGHT = {name: floor for floor, names in enumerate(FLOORS) for name in names}


def module_of(path: Path) -> list[str]:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts


def is_typing_only(node: ast.AST, tree: ast.Module) -> bool:
    """Inside `if TYPE_CHECKING:`."""
    for parent in ast.walk(tree):
        if isinstance(parent, ast.If) and "TYPE_CHECKING" in ast.dump(parent.test) and any(node is child for child in ast.walk(parent)):
            return True
    return False


def imported(path: Path) -> list[tuple[int, str]]:
    """(line, first module name below minigrad) of every import, those inside functions included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = list(path.relative_to(ROOT).parts[:-1])
    found = []
    for node in ast.walk(tree):
        targets: list[list[str]] = []
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[:len(package) - node.level + 1]
            inside = [*base, *(node.module.split(".") if node.module else [])]
            targets = [inside] if inside else [[alias.name] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "minigrad":
            targets = [node.module.split(".")[1:] or [alias.name] for alias in node.names]
        elif isinstance(node, ast.Import):
            targets = [alias.name.split(".")[1:] or ["__init__"] for alias in node.names if alias.name.split(".")[0] == "minigrad"]
        if targets and not is_typing_only(node, tree):
            found += [(node.lineno, target[0]) for target in targets]
    return found


def test_every_module_has_a_floor() -> None:
    names = {module_of(path)[0] for path in ROOT.rglob("*.py")}
    assert sorted(names - set(HEIGHT)) == []


def test_imports_go_downwards() -> None:
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        here = module_of(path)[0]
        for line, target in imported(path):
            if target == here:
                continue
            if target not in HEIGHT:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {target}, which has no floor")
            elif HEIGHT[target] > HEIGHT[here] or (HEIGHT[target] == HEIGHT[here] and HEIGHT[here] > 0 and here != "_interop"):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {target} from {here}: upwards")
    assert wrong == []


def test_importing_minigrad_loads_numpy_and_nothing_else_that_is_heavy() -> None:
    import subprocess
    import sys
    code = ("import sys, minigrad; print([m for m in ('numba', 'scipy', 'matplotlib', 'graphviz', 'PIL', 'cupy', 'torch', 'safetensors', "
            "'minigrad.vision', 'minigrad.viz') if m in sys.modules])")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"

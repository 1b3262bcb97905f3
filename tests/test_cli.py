"""`python -m minigrad run` is plain `python`, except for what `import torch` means."""
from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from minigrad import cli

Result = tuple[int, str, str]
RUN = ["-m", "minigrad", "run"]

WHO_AM_I = """
'''A doc string.'''
import os, sys
print(sys.argv, __name__, __file__, __package__, __doc__, __builtins__.__name__, os.getcwd())
print(sys.path[0], __spec__ and (__spec__.name, __spec__.origin), type(__loader__).__name__, getattr(__loader__, "name", "-"))
print(sorted(k for k in globals() if k != "sys" and k != "os"))
print(sys.modules["__main__"].__dict__ is globals())
def f(x: undefined_name = 1) -> None: ...        # an annotation that a __future__ import of the runner would not evaluate
"""
FAILS = """
def inner(x):
    return 1 / x

def outer():
    inner(0)

outer()
"""


def python(*arguments: str, cwd: Path, stdin: str | None = None) -> Result:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONSAFEPATH"}
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, env=environment, input=stdin, check=False)
    return done.returncode, done.stdout, done.stderr


def both(*arguments: str, cwd: Path) -> tuple[Result, Result]:
    """The same program run by us and by Python."""
    return python(*RUN, *arguments, cwd=cwd), python(*arguments, cwd=cwd)


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{name.replace('__in__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("path", ["sub/prog.py", "./sub/prog.py", "{folder}/sub/prog.py"])
def test_a_script_sees_what_it_sees_under_python(path: str, tmp_path: Path) -> None:
    write(tmp_path, sub__in__prog=WHO_AM_I.replace("undefined_name", "int"))
    ours, theirs = both(path.format(folder=tmp_path), "--lr", "3", "-h", "--", "-m", cwd=tmp_path)
    assert ours == theirs
    assert ours[0] == 0


def test_annotations_are_evaluated_as_under_python(tmp_path: Path) -> None:
    write(tmp_path, prog=WHO_AM_I)
    ours, theirs = both("prog.py", cwd=tmp_path)
    assert ours == theirs
    assert "NameError: name 'undefined_name' is not defined" in ours[2]


@pytest.mark.parametrize(("ending", "code"), [
    ("raise SystemExit", 0), ("import sys; sys.exit(3)", 3), ("raise SystemExit('enough of it')", 1),
    ("raise KeyboardInterrupt", -2), (FAILS, 1), ("def f(:\n", 1), ("\tx = 1\n  y = 2", 1), ("import no_such_module_at_all", 1),
    ("raise ValueError('a') from KeyError('b')", 1),
    ("import sys\nsys.excepthook = lambda kind, error, trace: print('hook', kind, trace.tb_lineno)\n1 / 0", 1),
    ("import atexit\natexit.register(print, 'at the end')\nraise RuntimeError", 1),
    ("import warnings\nwarnings.warn('take care')", 0),
    ("# -*- coding: latin-1 -*-\nprint(len('\\xe9'))", 0),
])
def test_a_program_ends_as_under_python(ending: str, code: int, tmp_path: Path) -> None:
    write(tmp_path, prog=ending)
    ours, theirs = both("prog.py", cwd=tmp_path)
    assert ours == theirs
    assert ours[0] == code


def test_a_traceback_begins_with_the_users_script(tmp_path: Path) -> None:
    write(tmp_path, prog="import torch\ntorch.zeros(2) @ torch.zeros(3, 4)\n")
    code, _, text = python(*RUN, "prog.py", cwd=tmp_path)
    assert code == 1
    assert text.splitlines()[:3] == ["Traceback (most recent call last):", f'  File "{tmp_path}/prog.py", line 2, in <module>',
                                     "    torch.zeros(2) @ torch.zeros(3, 4)"]


def test_a_missing_script(tmp_path: Path) -> None:
    ours, theirs = both("nowhere.py", cwd=tmp_path)
    assert ours[0] == theirs[0] == 2
    assert ours[2] == "minigrad run:" + theirs[2].partition(":")[2]


def test_a_folder_and_a_zip_file(tmp_path: Path) -> None:
    write(tmp_path, app__in____main__=WHO_AM_I.replace("undefined_name", "int") + "import helper", app__in__helper="print('helped')")
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        for name in ("__main__.py", "helper.py"):
            archive.write(tmp_path / "app" / name, name)
    (tmp_path / "empty").mkdir()
    for target in ("app", "app.zip"):
        ours, theirs = both(target, "an argument", cwd=tmp_path)
        assert ours[:2] == theirs[:2]
        assert "helped" in ours[1]
    ours, theirs = both("empty", cwd=tmp_path)
    assert ours[0] == theirs[0] == 1
    assert ours[2] == "minigrad run:" + theirs[2].partition(":")[2]


@pytest.mark.parametrize("target", ["pkg.tool", "pkg", "single"])
def test_a_module(target: str, tmp_path: Path) -> None:
    text = WHO_AM_I.replace("undefined_name", "int")
    write(tmp_path, pkg__in____init__="import sys; print('init', sys.argv)", pkg__in__helper="value = 3", single=text,
          pkg__in__tool="from .helper import value\n" + text, pkg__in____main__="from . import helper\n" + text)
    ours, theirs = both("-m", target, "-m", "--flag", cwd=tmp_path)
    assert ours == theirs
    assert ours[0] == 0


@pytest.mark.parametrize("target", ["nowhere", "nowhere.deep", "plain", "broken.tool"])
def test_a_module_that_cannot_be_run(target: str, tmp_path: Path) -> None:
    write(tmp_path, plain__in____init__="", broken__in____init__="import no_such_module_at_all", broken__in__tool="")
    ours, theirs = both("-m", target, cwd=tmp_path)
    assert ours[0] == theirs[0] == 1
    last = theirs[2].splitlines()[-1].removeprefix(f"{sys.executable}: ")
    assert ours[2].splitlines()[-1].removeprefix("minigrad run: ") == last


def test_the_module_may_stand_right_behind_the_option(tmp_path: Path) -> None:
    write(tmp_path, single="import sys; print(sys.argv[1:], __name__)")
    assert python(*RUN, "-msingle", "x", cwd=tmp_path)[1] == "['x'] __main__\n"


def test_a_program_gets_minigrad_for_torch(tmp_path: Path) -> None:
    write(tmp_path, prog="""
import sys, torch, torchvision, torch.nn.functional as F
from torch.utils.data import DataLoader
import minigrad
print(torch.zeros is minigrad.zeros, DataLoader is minigrad.utils.data.DataLoader, torch.float32)
print([name for name, module in sys.modules.items() if "site-packages/torch" in (getattr(module, "__file__", None) or "")])
""")
    code, out, text = python(*RUN, "prog.py", cwd=tmp_path)
    assert (code, out) == (0, "True True torch.float32\n[]\n"), text


TORCH_MODEL = """
import torch
from torch.testing import assert_close

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 3)

    def forward(self, x):
        assert_close(x, x)
        return torch.relu(self.fc(x))

def loss():
    return Net()(torch.ones(2, 4)).sum()
"""


@pytest.mark.parametrize(("arguments", "told"), [(("graph", "prog.py:loss", "-o", "loss.txt"), "3 ops · 15 parameters"),
                                                 (("graph", "prog.py:Net", "--input", "1,4", "-o", "net.txt"), "2 ops · 15 parameters"),
                                                 (("summary", "prog.py:Net", "--input", "2,4"), "15 trainable")])
def test_a_model_of_a_pytorch_program_is_drawn_and_summed_up(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    write(tmp_path, prog=TORCH_MODEL)
    code, out, err = python("-m", "minigrad", *arguments, cwd=tmp_path)
    assert code == 0, err
    assert told in out


def test_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    assert "run SCRIPT.py [ARGUMENTS]" in capsys.readouterr().out
    assert cli.main(["--version"]) == 0
    assert re.fullmatch(r"minigrad \d+\.\d+\.\d+\n", capsys.readouterr().out)
    for wrong, complaint in ((["jump"], "minigrad jump: no such command; there are run"), (["run"], "got nothing"),
                             (["run", "-m"], "expects a script or -m MODULE; got -m"), (["run", "--fast"], "got --fast")):
        assert cli.main(wrong) == 2
        assert complaint in capsys.readouterr().err
    assert python("-m", "minigrad", "run", cwd=tmp_path)[0] == 2

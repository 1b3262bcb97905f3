"""Write docs/parity_modules.md: how layers, optimizers and schedules fare against PyTorch's databases of them.

    python tools/make_module_parity.py                          # everything: some minutes
    python tools/make_module_parity.py --only Linear LSTM       # prints what fails of these classes, writes nothing
"""
from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from tests.parity import optim_checks  # noqa: E402
from tests.parity.checks import Result  # noqa: E402
from tests.parity.differences import of  # noqa: E402
from tests.parity.namespaces import MODULE_NAMESPACES  # noqa: E402
from tests.parity.nn_checks import all_results  # noqa: E402
from tests.parity.nn_database import Layer, layers  # noqa: E402
from tests.parity.nn_differences import DIFFERENCES  # noqa: E402
from tools.make_parity import names, percent  # noqa: E402

DOCUMENT = ROOT / "docs" / "parity_modules.md"
WHAT = {"signature": "arguments of the constructor and of a call: names, order, kinds, defaults", "members": "bases, public methods",
        "made": "from one seed: keys, shapes, dtypes and initial values of the state, to the last bit; attributes; `repr`; copies",
        "forward": "results in training and evaluation mode, float64 and float32; the state afterwards",
        "gradient": "gradients of inputs and parameters", "second gradient": "gradients of those gradients", "error": "wrong inputs",
        "steps": "20 steps with every configuration, real and complex, `foreach`, `fused`, `maximize`; state saved and loaded between",
        "rates": "rates and options of 20 epochs, with two optimizers; state saved and loaded between"}
INTRODUCTION = f"""# Parity of layers, optimizers and schedules

PyTorch keeps databases of its layers and optimizers with samples to test itself, `module_db` and `optim_db`. Here they test minigrad: what
a sample describes is made and called in both libraries (PyTorch {torch.__version__.partition("+")[0]}), and the results must agree. Classes
and options that the databases lack have samples of our own. Every public class of `torch.nn` stands in `tests/parity/nn_scope.tsv`, in
scope or out of it with a reason. A sample that crashes or stands in the list of known differences counts as failed. Dropout and its like
are compared in dtype, shape, moments, and in that the same seed gives the same values.

Made by `python tools/make_module_parity.py`; run as tests by `pytest -m parity` (`pip install 'minigrad[parity]'`). Functions:
[parity](parity.md).
"""

Results = dict[str, list[Result]]                    # check -> results


def run(title: str, subjects: list[str], check: Callable[[str], Results]) -> dict[str, Results]:
    """name -> check -> results."""
    found = {}
    for i, name in enumerate(subjects):
        found[name] = check(name)
        if sys.stderr.isatty():
            print(f"\r{title} {i + 1} of {len(subjects)} {name:<40}", end="", file=sys.stderr)
    return found


def count(all_of: list[Results], check: str | None = None) -> tuple[int, int]:
    """Samples that pass, and all."""
    results = [r for checks in all_of for name, found in checks.items() if check in (None, name) for r in found]
    return sum(r.failure is None for r in results), len(results)


def whole(all_of: list[Results]) -> int:
    return sum(all(r.failure is None for found in checks.values() for r in found) for checks in all_of)


def figures(groups: dict[str, list[Results]]) -> list[str]:
    lines = ["| | classes | that pass completely | samples | that pass |", "|---|---|---|---|---|"]
    for title, found in groups.items():
        lines.append(f"| {title} | {len(found)} | {whole(found)} ({percent(whole(found), len(found))}) | {count(found)[1]} | "
                     f"{percent(*count(found))} |")
    return lines


def by_check(found: list[Results]) -> list[str]:
    checks = list(found[0])
    return ["| check | samples | that pass |", "|---|---|---|",
            *[f"| {WHAT[c]} | {count(found, c)[1]} | {percent(*count(found, c))} |" for c in checks]]


def by_class(found: dict[str, Results]) -> list[str]:
    """One cell per class: name and samples; what fails stands before the bar."""
    cells = [f"`{name}` {passed}{'' if passed == total else f' of **{total}**'}"
             for name, (passed, total) in ((name, count([checks])) for name, checks in found.items())]
    return [", ".join(cells) + "."]


def differences(found: dict[str, Results]) -> list[str]:
    lines = ["| class | check | samples | reason |", "|---|---|---|---|"]
    for d in DIFFERENCES:
        results = found[d.entry][d.check]
        lines.append(f"| `{d.entry}` | {d.check} | {sum(d.excuses(r.at) and r.failure is not None for r in results)} of {len(results)} | "
                     f"{d.reason} |")
    left = [(name, check, r) for name, checks in found.items() for check, results in checks.items() for r in results
            if r.failure and not any(d.excuses(r.at) for d in of(name, check, DIFFERENCES))]
    if left:
        lines += ["\n### Failures\n", "| class | check | sample | what is wrong |", "|---|---|---|---|"]
        lines += [f"| `{name}` | {check} | {r.at} | {' '.join((r.failure or '').split())[:200]} |" for name, check, r in left]
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="CLASS")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    start = time.perf_counter()
    chosen: dict[str, Layer] = {x.name: x for x in layers("in") if not options.only or x.name in options.only}
    found = run("class", list(chosen), lambda name: all_results(chosen[name]))
    if options.only:
        for name, checks in found.items():
            for check, results in checks.items():
                failed = [r for r in results if r.failure]
                print(f"{name}, {check}: {len(failed)} of {len(results)} fail")
                print("".join(f"    {r.at}: {r.failure}\n" for r in failed[:10]), end="")
        return 0
    infos = {info.name: info for info in optim_checks.infos()}
    optimizers = run("optimizer", list(infos), lambda name: optim_checks.of_optimizer(infos[name]))
    schedules = run("schedule", optim_checks.scheduler_names(), optim_checks.of_schedule)
    ours = [checks for name, checks in found.items() if chosen[name].info is None]
    theirs = [checks for name, checks in found.items() if chosen[name].info is not None]
    out = layers("out")
    lines = [INTRODUCTION, "## Figures\n",
             *figures({"layers of PyTorch's database": theirs, "other classes of `torch.nn`": ours, "optimizers": list(optimizers.values()),
                       "schedules": list(schedules.values())}),
             f"\nAll classes of `torch.nn`: {whole(list(found.values()))} of {len(found) + len(out)} pass completely "
             f"({percent(whole(list(found.values())), len(found) + len(out))}).",
             "\n## Classes of `torch.nn`\n", *by_check(list(found.values())), "\nSamples that pass, by class:", *by_class(found)]
    if out:
        lines += ["\nOut of scope:\n", *[f"- `{layer.name}`: {layer.reason}" for layer in out]]
    lines += ["\n## Known differences\n", *differences(found), "\n## Optimizers\n", *by_check(list(optimizers.values())),
              "\nSamples that pass, by class:", *by_class(optimizers),
              *[f"\nNot there: `{name}`, as {reason}." for name, reason in optim_checks.LIMITED.items()],
              "\n## Learning-rate schedules\n", *by_check(list(schedules.values())), "\nSamples that pass, by class:", *by_class(schedules)]
    DOCUMENT.write_text("\n".join(lines) + "\n" + names(MODULE_NAMESPACES), encoding="utf-8")
    print(f"{DOCUMENT.name}: {len(found)} classes in {time.perf_counter() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

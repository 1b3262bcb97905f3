"""Write docs/parity.md: how minigrad fares against PyTorch's own operator database, and which of PyTorch's names it has.

    python tools/make_parity.py                      # everything: some minutes
    python tools/make_parity.py --only sum max       # prints what fails of these entries, writes nothing
"""
from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from tests.parity.checks import CHECKS, Result  # noqa: E402
from tests.parity.database import Entry, entries  # noqa: E402
from tests.parity.differences import DIFFERENCES, of  # noqa: E402
from tests.parity.namespaces import NAMESPACES, lacked, public  # noqa: E402
from tests.parity.oracles import GRADIENTS, PRECISION, PRECISION_REASON  # noqa: E402

DOCUMENT = ROOT / "docs" / "parity.md"
TIERS = {"core": "what most programs use", "extended": "the rest of what dense tensors on a CPU can do", "fft": "Fourier transforms"}
WHAT = {"value": "values, dtypes, shapes and structure of results", "variant": "methods and operators", "in place": "in-place methods",
        "gradient": "first gradients", "gradgrad": "second gradients", "in-place gradient": "gradients through in-place methods",
        "error": "wrong inputs"}
INTRODUCTION = f"""# Parity with PyTorch

PyTorch keeps a database of its operators with samples of their inputs, `op_db`, to test itself. Here it tests minigrad: each sample goes
through both libraries (PyTorch {torch.__version__.partition("+")[0]}, float64, float32, int64 and bool), and the results must agree.
A sample that cannot be translated, crashes or stands in the list of known differences counts as failed. Random results are compared in
dtype, shape, moments, and in that the same seed gives the same values; factorizations by what their factors multiply to. Of wrong inputs
the error must be ours, of the type that PyTorch raises, and name the function.

Made by `python tools/make_parity.py`; run as tests by `pytest -m parity` (`pip install 'minigrad[parity]'`).
"""

Found = dict[tuple[str, str], tuple[Entry, list[Result]]]


def run(chosen: list[Entry]) -> Found:
    """(entry, check) -> results."""
    found: Found = {}
    for i, entry in enumerate(chosen):
        for name, check in CHECKS.items():
            found[entry.name, name] = entry, list(check(entry))
        if sys.stderr.isatty():
            print(f"\r{i + 1} of {len(chosen)} {entry.name:<60}", end="", file=sys.stderr)
    return found


def percent(passed: int, total: int) -> str:
    return f"{100 * passed / total:.2f} %" if total else "-"


def tables(found: Found) -> str:
    """Tiers, then checks within each."""
    count: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    whole: dict[str, dict[str, bool]] = defaultdict(dict)
    for (name, check), (entry, results) in found.items():
        failed = sum(r.failure is not None for r in results)
        count[entry.tier, check][0] += len(results) - failed
        count[entry.tier, check][1] += len(results)
        if check != "error":
            whole[entry.tier][name] = whole[entry.tier].get(name, True) and not failed
    lines = ["\n## Figures\n", "| tier | entries | that pass completely | samples | that pass | wrong inputs refused |",
             "|---|---|---|---|---|---|"]
    for tier, what in TIERS.items():
        sums = [sum(count[tier, c][i] for c in CHECKS if c != "error") for i in (0, 1)]
        complete = sum(whole[tier].values())
        lines.append(f"| {tier}: {what} | {len(whole[tier])} | {complete} ({percent(complete, len(whole[tier]))}) | {sums[1]} | "
                     f"{percent(*sums)} | {percent(*count[tier, 'error'])} |")
    lines += ["", "| check | " + " | ".join(TIERS) + " |", "|---|" + "---|" * len(TIERS)]
    for check, what in WHAT.items():
        lines.append(f"| {what} | " + " | ".join(f"{percent(*count[t, check])} of {count[t, check][1]}" for t in TIERS) + " |")
    return "\n".join(lines) + "\n"


def differences(found: Found) -> str:
    """The list of known differences, and what fails without standing there."""
    lines = ["\n## Known differences\n", "| entry | check | samples | reason |", "|---|---|---|---|"]
    for d in DIFFERENCES:
        results = found[d.entry, d.check][1]
        lines.append(f"| `{d.entry}` | {WHAT[d.check]} | {sum(d.excuses(r.at) and r.failure is not None for r in results)} of "
                     f"{len(results)} | {d.reason} |")
    left = [(name, check, r) for (name, check), (_, results) in found.items() for r in results
            if r.failure and not any(d.excuses(r.at) for d in of(name, check))]
    if left:
        lines += ["\n## Failures\n", "| entry | check | sample | what is wrong |", "|---|---|---|---|"]
        lines += [f"| `{name}` | {WHAT[check]} | {r.at} | {' '.join((r.failure or '').split())[:200]} |" for name, check, r in left]
    return "\n".join(lines) + "\n"


def oracles() -> str:
    """What is held against something other than PyTorch's own result."""
    lines = ["\n## Held against something else\n", "| entry | check | instead |", "|---|---|---|"]
    lines += [f"| `{entry}` | {WHAT[check]} | {o.reason} |" for (entry, check), o in GRADIENTS.items()]
    lines += [f"| `{entry}` | {WHAT['value']} | {PRECISION_REASON} |" for entry in PRECISION]
    return "\n".join(lines) + "\n"


def names(namespaces: dict[str, tuple[Any, Any]] = NAMESPACES) -> str:
    """PyTorch's public names, by namespace: how many there are, and those that are not, by reason."""
    lines = ["\n## Names\n", "What stands in PyTorch's namespaces, and what of it minigrad has not, by reason.\n"]
    for title, reasons in lacked(namespaces).items():
        total, missing = len(public(namespaces[title][0])), sum(map(len, reasons.values()))
        lines.append(f"\n### {title}\n\n{total - missing} of {total} names are there.{' The others:' if missing else ''}\n")
        lines += [f"- {reason or 'no reason given'}: {', '.join(f'`{n}`' for n in found)}" for reason, found in sorted(reasons.items())]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="ENTRY")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    start = time.perf_counter()
    chosen = [e for e in entries(*TIERS) if not options.only or e.name in options.only or e.info.name in options.only]
    found = run(chosen)
    if options.only:
        for (name, check), (_, results) in found.items():
            failed = [r for r in results if r.failure]
            print(f"{name}, {check}: {len(failed)} of {len(results)} fail")
            for r in failed[:10]:
                print(f"    {r.at}: {r.failure}")
        return 0
    DOCUMENT.write_text(INTRODUCTION + tables(found) + differences(found) + oracles() + names(), encoding="utf-8")
    print(f"{DOCUMENT.name}: {len(chosen)} entries in {time.perf_counter() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

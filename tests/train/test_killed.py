"""A run that is killed at any moment ends as one that never was."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 20


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL and fork")
def test_killed_at_twenty_random_moments_a_run_ends_bit_for_bit(tmp_path: Path) -> None:
    def job(folder: Path, *options: str) -> None:
        subprocess.run([sys.executable, "-m", "tests.train.killed_job", str(folder), *options], check=True,
                       cwd=Path(__file__).parents[2], env={**os.environ, "OMP_NUM_THREADS": "1"})

    job(tmp_path, str(KILLS))
    found = json.loads((tmp_path / "kills.json").read_text(encoding="utf-8"))
    job(Path(found["runs"][-1]))                     # what is left of the last one, in a new process
    for folder in found["runs"]:
        assert Path(folder, "done").read_text(encoding="utf-8") == found["expected"]
    assert len(found["places"]) > KILLS // 2         # the kills fell into different parts of training

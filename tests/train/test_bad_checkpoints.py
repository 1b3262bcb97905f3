"""Every way in which a checkpoint, or its place, can be bad."""
from __future__ import annotations

import errno
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError, CheckpointError
from minigrad.train import Trainer, resuming
from minigrad.train.callbacks import LambdaCallback
from minigrad.train.locking import alone

from .test_resuming import MOMENTS, Kill, KilledError, job, same
from .test_trainer import blobs


def cut(data: bytes) -> bytes:
    return data[:1000]


def flip(at: float) -> Callable[[bytes], bytes]:
    def flipped(data: bytes) -> bytes:
        place = int(at * len(data))
        return data[:place] + bytes([data[place] ^ 1]) + data[place + 1:]
    return flipped


@pytest.mark.parametrize("harm", [cut, flip(0.3), flip(0.999), lambda data: b"", lambda data: b"\0" * len(data), lambda data: data * 2],
                         ids=["truncated", "a bit of the structure", "a bit of a tensor", "empty", "zeros", "doubled"])
def test_a_damaged_checkpoint_is_passed_over(tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    (tmp_path / "whole").mkdir()
    whole = job(tmp_path / "whole")
    with pytest.raises(KilledError):
        job(tmp_path, kill=Kill(*MOMENTS["batch"]))
    newest, _ = resuming.newest_first(tmp_path / "run")
    newest.write_bytes(harm(newest.read_bytes()))
    with pytest.warns(UserWarning, match=f"{newest.name} cannot be read .*; going on from the checkpoint before it"):
        same(whole, job(tmp_path, resume=True))


def test_new_checkpoints_are_kept_beside_damaged_ones_of_later_places(tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        job(tmp_path, kill=Kill(*MOMENTS["end of an epoch"]))
    folder = tmp_path / "run"
    for path in resuming.newest_first(folder):       # all of them: it begins again
        path.write_bytes(b"")
    with pytest.warns(UserWarning, match="cannot be read"), pytest.raises(KilledError):
        job(tmp_path, kill=Kill(*MOMENTS["batch"]), resume=True)
    good = [path for path in resuming.newest_first(folder) if path.stat().st_size]
    assert [resuming.place_of(path) for path in good] == [(2, 2), (2, 0)]
    (tmp_path / "whole").mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same(job(tmp_path / "whole"), job(tmp_path, resume=True))
    assert all(path.stat().st_size for path in resuming.newest_first(folder))    # later good ones took the places of the bad ones


def test_a_checkpoint_of_another_model_or_version_is_an_error(tmp_path: Path) -> None:
    def other(resume: bool = True, **options: Any) -> Trainer:
        made = Trainer(nn.Linear(2, 3), "cross_entropy", "adam", folder=tmp_path / "run", **options)
        made.fit(blobs(), epochs=7, resume=resume)
        return made

    job(tmp_path, ema=0.9)
    files = resuming.newest_first(tmp_path / "run")
    with pytest.raises(CheckpointError, match=r"run-00006-0.* is of another run; make the trainer as it was then, (.|\n)*Missing key"):
        other()
    with pytest.raises(CheckpointError, match="it holds 'average', which this trainer has not"):
        job(tmp_path, resume=True)
    with pytest.raises(ArgumentError, match=r"has checkpoints of another run, up to run-00006-.*; resume=True goes on with it, a new run"):
        other(resume=False)
    state = resuming.read(files[0])
    mg.save({**state, "version": 99}, tmp_path / "run" / "run-00009-0000000.safetensors")
    with pytest.raises(CheckpointError, match="its version is 99, this minigrad writes 1"):
        job(tmp_path, resume=True, ema=0.9)
    mg.save({"hello": 1}, tmp_path / "run" / "run-00009-0000000.safetensors")
    with pytest.warns(UserWarning, match="it is no checkpoint of a run"):
        job(tmp_path, resume=True, ema=0.9)
    assert resuming.newest_first(tmp_path / "run")[1:] == files


def test_a_full_disk_leaves_the_checkpoints_that_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, written = resuming.write_atomically, 0

    def full(path: Path, data: bytes) -> None:
        nonlocal written
        written += 1
        if written > 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, data)

    monkeypatch.setattr(resuming, "write_atomically", full)
    with pytest.raises(CheckpointError, match=r"cannot be written \(.*No space left.*\); the checkpoints before it are whole: make room"):
        job(tmp_path)
    monkeypatch.undo()
    assert [resuming.place_of(path) for path in resuming.newest_first(tmp_path / "run")] == [(2, 2), (2, 0)]
    (tmp_path / "whole").mkdir()
    same(job(tmp_path / "whole"), job(tmp_path, resume=True))


def test_a_folder_that_cannot_be_is_named_before_training(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"fit: .*run cannot be written to .*; take another folder"):
        job(tmp_path)


def test_a_folder_is_one_process_s(tmp_path: Path) -> None:
    def tries(trainer: Trainer) -> None:
        if trainer.epoch == 2:
            with pytest.raises(CheckpointError, match=rf"is in use by process {os.getpid()}; wait for its end"):
                job(tmp_path, resume=True)
            code = f"from pathlib import Path\nfrom minigrad.train.locking import alone\nwith alone(Path({str(tmp_path)!r}) / 'run' / " \
                   "'run.lock', 'fit: the folder is'): pass"
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
            assert f"CheckpointError: fit: the folder is in use by process {os.getpid()}" in done.stderr
    job(tmp_path, lambda folder, net: [LambdaCallback(on_epoch_end=tries)])
    with alone(tmp_path / "run" / "run.lock", "it is"):              # afterwards it is free
        pass


def test_leavings_of_killed_writers_are_removed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".run-00001-0000000-12345678.safetensors.abcd.part").write_bytes(b"half")
    job(tmp_path)
    assert not list((tmp_path / "run").glob(".*"))

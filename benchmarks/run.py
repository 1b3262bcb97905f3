"""A run: one family against one library with one number of threads; and the file that keeps runs."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .rounds import Result


@dataclass
class Run:
    """load_after: the system's load at the end; the one before stands in machine."""

    family: str
    against: str
    threads: int
    rounds: int
    machine: dict[str, str]
    results: list[Result]
    load_after: str

    @property
    def key(self) -> tuple[str, str, int]:
        return self.family, self.against, self.threads

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self), "results": [result.as_dict() for result in self.results]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Run:
        return cls(**{**values, "results": [Result.from_dict(result) for result in values["results"]]})


def read(path: Path) -> list[Run]:
    """The runs in a file; none where there is no file."""
    return [Run.from_dict(values) for values in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []


def write(path: Path, runs: list[Run]) -> None:
    path.write_text(json.dumps([run.as_dict() for run in runs], indent=1) + "\n", encoding="utf-8")


def put(runs: list[Run], run: Run) -> list[Run]:
    """`runs` with this one, in place of an older one of the same family, library and threads."""
    return [*(r for r in runs if r.key != run.key), run]

"""Helpers around the framework; `minigrad.utils.data` feeds models."""
from __future__ import annotations

from . import data as data
from . import dlpack as dlpack

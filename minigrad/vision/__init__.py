"""Pictures: data sets and transforms."""
from __future__ import annotations

from . import datasets as datasets
from . import transforms as transforms

"""Standing in for PyTorch: programs that say `import torch` get minigrad."""
from __future__ import annotations

from .standin import as_torch as as_torch

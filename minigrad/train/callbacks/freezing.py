"""Parts of a model that stay as they are."""
from __future__ import annotations

from typing import Any

from ...errors import ArgumentError
from ...nn.module import Module
from .base import Callback


class Freeze(Callback):
    """Let a part of the model stay as it is, always or for the first `epochs` epochs: transfer learning.

    Its parameters get no gradients, and it computes as in evaluation: `requires_grad_(False)` alone would let the running statistics
    of batch normalisation move, and dropout drop. Afterwards its parameters require gradients as before.
    """

    def __init__(self, module: Module, epochs: int | None = None) -> None:
        if not isinstance(module, Module):
            raise ArgumentError(f"Freeze: needs a module; got {type(module).__name__}; of single parameters set requires_grad")
        self.module, self.epochs = module, epochs
        self.learning: list[Any] | None = None       # while it is frozen, the parameters that would learn

    def on_batch_begin(self, trainer: Any) -> None:
        if self.epochs is not None and trainer.epoch >= self.epochs:
            self.thaw()
            return
        if self.learning is None:
            self.learning = [p for p in self.module.parameters() if p.requires_grad]
            for p in self.learning:
                p.requires_grad_(False)
        self.module.eval()                           # validation, and each epoch, set the whole model to training

    def on_train_end(self, trainer: Any) -> None:
        self.thaw()

    def thaw(self) -> None:
        """Let it learn again."""
        if self.learning is not None:
            for p in self.learning:
                p.requires_grad_(True)
            self.module.train()
            self.learning = None

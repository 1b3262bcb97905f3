"""What users may give to a trainer: objects, or names of them, and what does not fit together."""
from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .. import optim
from ..errors import ArgumentError, ArgumentTypeError, describe
from ..nn import BCELoss, BCEWithLogitsLoss, MultiLabelSoftMarginLoss
from ..nn import functional as F
from ..nn.module import Module
from ..optim.lr_scheduler import ReduceLROnPlateau

if TYPE_CHECKING:
    from .trainer import Trainer

LOSSES = ("cross_entropy", "mse_loss", "l1_loss", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "huber_loss",
          "smooth_l1_loss", "kl_div", "poisson_nll_loss", "soft_margin_loss", "hinge_embedding_loss", "multi_margin_loss",
          "multilabel_margin_loss", "multilabel_soft_margin_loss")


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint: the known words, and the one that may be meant."""
    words = list(known)
    meant = difflib.get_close_matches(word, words, 1)
    return f"{', '.join(words)}" + (f"; {meant[0]}?" if meant else "")


def model_of(given: Any) -> Module:
    """The model itself. Raises ArgumentTypeError for what is none, a class that was not called for one."""
    if isinstance(given, type):
        raise ArgumentTypeError(f"Trainer: the model must be an nn.Module; got the class {given.__name__}; make one: {given.__name__}(...)")
    if not isinstance(given, Module):
        raise ArgumentTypeError(f"Trainer: the model must be an nn.Module; got {describe(given)}")
    return given


def loss_of(given: Any, device: Any) -> Any:
    """A function of output and target."""
    if isinstance(given, str):
        if given not in LOSSES:
            raise ArgumentError(f"Trainer: {given!r} is no loss; give a function of output and target, or one of {nearest(given, LOSSES)}")
        return getattr(F, given)
    if isinstance(given, type):
        raise ArgumentTypeError(f"Trainer: the loss must be a function of output and target; got the class {given.__name__}; make one: "
                                f"{given.__name__}()")
    return given.to(device) if isinstance(given, Module) else given


def threshold_of(loss: Any) -> float | None:
    """Above which output a label of its own is meant, where the loss is one of yes and no."""
    if loss is F.binary_cross_entropy or isinstance(loss, BCELoss):
        return 0.5
    logits = (F.binary_cross_entropy_with_logits, F.multilabel_soft_margin_loss)
    return 0.0 if loss in logits or isinstance(loss, (BCEWithLogitsLoss, MultiLabelSoftMarginLoss)) else None


def optimizer_of(given: Any, model: Module) -> Any:
    """An optimizer, made of the model's parameters where a class, a function or a name is given."""
    if isinstance(given, str):
        found = {name.lower(): kind for name in dir(optim) if isinstance(kind := getattr(optim, name), type)
                 and issubclass(kind, optim.Optimizer) and kind is not optim.Optimizer}
        if given.lower() not in found:
            raise ArgumentError(f"Trainer: {given!r} is no optimizer of minigrad.optim; there are {nearest(given.lower(), sorted(found))}")
        given = found[given.lower()]
    if given is None or hasattr(given, "param_groups"):
        return given
    if not callable(given):
        raise ArgumentTypeError(f"Trainer: the optimizer must be one of minigrad.optim, a class or a name; got {describe(given)}; where "
                                "there are several, override compute and step the others there")
    return given(model.parameters())


def scheduler_of(given: Any, optimizer: Any, schedule: str) -> Any:
    """A scheduler, made of the optimizer where a function is given."""
    made = given
    if not hasattr(given, "step") or isinstance(given, type):
        if optimizer is None or not callable(given):
            raise ArgumentTypeError("Trainer: scheduler must be one, or with an optimizer a function that makes one of it; got "
                                    f"{describe(given)}")
        made = given(optimizer)
    if isinstance(made, ReduceLROnPlateau) and (schedule == "step" or made.mode == "max"):
        raise ArgumentError("Trainer: a scheduler ReduceLROnPlateau looks at the loss of epochs: it needs schedule='epoch' and "
                            "mode='min'; for other numbers take callbacks.ReduceLROnPlateau(monitor)")
    return made


def check_fit(trainer: Trainer, train: Any, validation: Any, epochs: int, validate_every: int | None, save_every: int | None,
              resume: bool) -> None:
    """Raise ArgumentError for what would train nothing, or not what is meant."""
    own = getattr(trainer.compute, "__module__", "") != f"{__package__}.trainer"     # a subclass's, or an instance's
    if trainer.optimizer is None or (trainer.loss is None and not own):
        raise ArgumentError("fit: needs a loss and an optimizer; give them to Trainer(...) or compile(...)")
    if hasattr(train, "shape") and not own:
        raise ArgumentTypeError(f"fit: the training data must hold inputs and targets; got {describe(train)}; give both as one: "
                                "fit((inputs, targets), validation, epochs)")
    if not hasattr(epochs, "__index__"):
        raise ArgumentTypeError(f"fit: epochs must be a whole number; got {describe(epochs)}")
    if (resume or save_every) and trainer.folder is None:
        raise ArgumentError("fit: checkpoints need a place; make the Trainer with folder=")
    if validate_every and validation is None:
        raise ArgumentError("fit: validate_every needs validation data")
    members = {id(p) for p in trainer.model.parameters()}
    if not any(id(p) in members for p in trainer.parameters()):
        raise ArgumentError("fit: the optimizer has no parameter of this model; make it of model.parameters()")
    if trainer.scheduler is not None and getattr(trainer.scheduler, "optimizer", trainer.optimizer) is not trainer.optimizer:
        raise ArgumentError("fit: the scheduler is one of another optimizer; give scheduler=lambda optimizer: ... to make it of this one")
    if not resume and 0 < epochs <= trainer.epoch:
        warnings.warn(f"fit: {trainer.epoch} epochs are done already, and epochs counts them in: epochs={trainer.epoch + epochs} would "
                      f"train {epochs} more", stacklevel=3)

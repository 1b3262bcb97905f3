"""`torch.utils.tensorboard`: TensorBoard event files, written by tensorboardX."""
from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..errors import UnsupportedError, missing


class SummaryWriter:
    """Writes scalars, histograms, images, ... for TensorBoard; methods and arguments are those of tensorboardX's writer.

    Tensors in the arguments, and in lists and dicts among them, are handed on as arrays.
    Raises MissingDependencyError, an ImportError, where tensorboardX is not installed.
    """

    def __init__(self, log_dir: str | None = None, comment: str = "", purge_step: int | None = None, max_queue: int = 10,
                 flush_secs: int = 120, filename_suffix: str = "") -> None:
        try:
            from tensorboardX import SummaryWriter as Writer
        except ImportError as error:
            raise missing("tensorboardX", "SummaryWriter", "tensorboard") from error
        self._writer = Writer(log_dir, comment=comment, purge_step=purge_step, max_queue=max_queue, flush_secs=flush_secs,
                              filename_suffix=filename_suffix)

    @property
    def log_dir(self) -> str:
        """The folder of the event files."""
        return str(self._writer.logdir)

    def __getattr__(self, name: str) -> Any:
        if name == "_writer":                        # not made yet
            raise AttributeError(name)
        value = getattr(self._writer, name)
        if not callable(value):
            return value
        return lambda *args, **kwargs: value(*arrays_in(args), **arrays_in(kwargs))

    def add_graph(self, model: Any, *args: Any, **kwargs: Any) -> None:
        """Raises UnsupportedError: what TensorBoard draws is a TorchScript graph."""
        raise UnsupportedError("SummaryWriter.add_graph: there is no TorchScript graph to write; minigrad.viz draws the graph of a result")

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self._writer.close()


def arrays_in(value: Any) -> Any:
    """The same with an array in place of each tensor, and a number in place of each tensor of one element."""
    if isinstance(value, Tensor):
        return value.item() if value.ndim == 0 else value.detach().cpu().numpy()
    if isinstance(value, dict):
        return {key: arrays_in(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(arrays_in, value))
    return value

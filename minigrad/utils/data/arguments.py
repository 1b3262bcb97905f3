"""What `DataLoader` refuses, as PyTorch does."""
from __future__ import annotations

import os
import warnings
from typing import Any

from ...errors import ArgumentError, ArgumentTypeError, describe


def warn_of_many(workers: int) -> None:
    """More worker processes than cores are reported."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0
    if workers > cores > 0:
        warnings.warn(
            f"This DataLoader will create {workers} worker processes in total. Our suggested max number of worker in current system "
            f"is {cores}, which is smaller than what this DataLoader is going to create. Please be aware that excessive worker "
            f"creation might get DataLoader running slow or even freeze, lower the worker number to avoid potential slowness/freeze "
            f"if necessary.", stacklevel=3
        )


def check_workers(workers: int, timeout: float, prefetch: int | None, persistent: bool) -> None:
    if workers < 0:
        raise ArgumentError(f"DataLoader: num_workers option should be non-negative; got {workers}; use 0")
    if timeout < 0:
        raise ArgumentError(f"DataLoader: timeout option should be non-negative; got {timeout}")
    if workers == 0 and prefetch is not None:
        raise ArgumentError(
            f"DataLoader: prefetch_factor option could only be specified with num_workers > 0; got {prefetch}; leave it out"
        )
    if prefetch is not None and prefetch < 0:
        raise ArgumentError(f"DataLoader: prefetch_factor option should be non-negative; got {prefetch}")
    if persistent and workers == 0:
        raise ArgumentError("DataLoader: persistent_workers option needs num_workers > 0; got num_workers=0")


def context_of(context: Any, workers: int) -> Any:
    """The context object for one, or for the name of a start method."""
    if workers == 0:
        raise ArgumentError("DataLoader: multiprocessing_context can only be used with num_workers > 0; got num_workers=0")
    import multiprocessing
    from multiprocessing.context import BaseContext

    methods = multiprocessing.get_all_start_methods()
    if isinstance(context, str) and context not in methods:
        raise ArgumentError(
            f"DataLoader: multiprocessing_context option should specify a valid start method in {methods}; got {context!r}"
        )
    if not isinstance(context, (str, BaseContext)):
        raise ArgumentTypeError(
            f"DataLoader: multiprocessing_context option should be a valid context object or the name of a start method; "
            f"got {describe(context)}"
        )
    return multiprocessing.get_context(context) if isinstance(context, str) else context


def check_stream(shuffle: Any, sampler: Any, batch_sampler: Any) -> None:
    if shuffle not in (False, None):
        raise ArgumentError(
            f"DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle={shuffle}; "
            f"shuffle in the data set"
        )
    for name, value in (("sampler", sampler), ("batch_sampler", batch_sampler)):
        if value is not None:
            raise ArgumentError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}; "
                f"a stream has its own order"
            )


def check_sampling(batch_size: Any, shuffle: Any, sampler: Any, batch_sampler: Any, drop_last: bool) -> None:
    if sampler is not None and shuffle:
        raise ArgumentError("DataLoader: sampler option is mutually exclusive with shuffle; leave one out")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ArgumentError(
            "DataLoader: batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last; "
            "leave those out"
        )
    if batch_sampler is None and batch_size is None and drop_last:
        raise ArgumentError(
            "DataLoader: batch_size=None option disables auto-batching and is mutually exclusive with drop_last"
        )

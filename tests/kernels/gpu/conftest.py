"""Device code on the CPU, for the tests of this folder."""
from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from minigrad import backend
from minigrad.kernels.gpu import machine
from tests import strict_arrays
from tests.kernels.gpu import host


@pytest.fixture(scope="session")
def compiler() -> host.Host:
    if shutil.which("g++") is None:
        pytest.skip("device code is run on the CPU through g++, which is not there")
    return host.Host()


@pytest.fixture(scope="module")
def on_host(compiler: host.Host) -> Iterator[host.Host]:
    """Strict arrays whose kernels are the GPU's."""
    machine.use(compiler)
    backend.register(host.ON_HOST)
    yield compiler
    backend.register(strict_arrays.STRICT)
    machine.use(None)

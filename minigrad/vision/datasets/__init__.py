"""Data sets of pictures."""
from __future__ import annotations

from .mnist import MNIST as MNIST
from .mnist import mnist_arrays as mnist_arrays

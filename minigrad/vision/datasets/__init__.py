"""Data sets of pictures."""
from __future__ import annotations

from .base import VisionDataset as VisionDataset
from .cifar import CIFAR10 as CIFAR10
from .cifar import CIFAR100 as CIFAR100
from .fake import FakeData as FakeData
from .folder import DatasetFolder as DatasetFolder
from .folder import ImageFolder as ImageFolder
from .mnist import MNIST as MNIST
from .mnist import mnist_arrays as mnist_arrays
from .relatives import EMNIST as EMNIST
from .relatives import KMNIST as KMNIST
from .relatives import FashionMNIST as FashionMNIST
from .voc import VOCDetection as VOCDetection
from .voc import VOCSegmentation as VOCSegmentation

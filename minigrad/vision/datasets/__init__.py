"""Data sets of pictures."""
from __future__ import annotations

from .base import VisionDataset as VisionDataset
from .cifar import CIFAR10 as CIFAR10
from .cifar import CIFAR100 as CIFAR100
from .coco import CocoCaptions as CocoCaptions
from .coco import CocoDetection as CocoDetection
from .fake import FakeData as FakeData
from .flickr import Flickr30k as Flickr30k
from .folder import DatasetFolder as DatasetFolder
from .folder import ImageFolder as ImageFolder
from .matlab import SVHN as SVHN
from .matlab import Flowers102 as Flowers102
from .mnist import MNIST as MNIST
from .mnist import mnist_arrays as mnist_arrays
from .pets import OxfordIIITPet as OxfordIIITPet
from .relatives import EMNIST as EMNIST
from .relatives import KMNIST as KMNIST
from .relatives import FashionMNIST as FashionMNIST
from .voc import VOCDetection as VOCDetection
from .voc import VOCSegmentation as VOCSegmentation
from .wrapping import wrap_dataset_for_transforms_v2 as wrap_dataset_for_transforms_v2

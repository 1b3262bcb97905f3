"""Transforms of images, with torchvision's names and meaning."""
from __future__ import annotations

from . import functional as functional
from .functional import InterpolationMode as InterpolationMode
from .pipeline import CenterCrop as CenterCrop
from .pipeline import Compose as Compose
from .pipeline import ConvertImageDtype as ConvertImageDtype
from .pipeline import Grayscale as Grayscale
from .pipeline import Lambda as Lambda
from .pipeline import Normalize as Normalize
from .pipeline import Pad as Pad
from .pipeline import PILToTensor as PILToTensor
from .pipeline import RandomCrop as RandomCrop
from .pipeline import RandomHorizontalFlip as RandomHorizontalFlip
from .pipeline import Resize as Resize
from .pipeline import ToPILImage as ToPILImage
from .pipeline import ToTensor as ToTensor

"""Transforms of images, with torchvision's names and meaning."""
from __future__ import annotations

from . import functional as functional
from . import v2 as v2
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
from .v2 import ColorJitter as ColorJitter
from .v2 import ElasticTransform as ElasticTransform
from .v2 import RandomAffine as RandomAffine
from .v2 import RandomApply as RandomApply
from .v2 import RandomChoice as RandomChoice
from .v2 import RandomErasing as RandomErasing
from .v2 import RandomGrayscale as RandomGrayscale
from .v2 import RandomOrder as RandomOrder
from .v2 import RandomResizedCrop as RandomResizedCrop
from .v2 import RandomRotation as RandomRotation
from .v2 import RandomStretch as RandomStretch
from .v2 import RandomVerticalFlip as RandomVerticalFlip

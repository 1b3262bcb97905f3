"""Transforms of whole samples, image, boxes and masks together, with the names of torchvision's `transforms.v2`."""
from __future__ import annotations

from ..functional import InterpolationMode as InterpolationMode
from ..pipeline import Lambda as Lambda
from ..pipeline import PILToTensor as PILToTensor
from ..pipeline import ToPILImage as ToPILImage
from ..pipeline import ToTensor as ToTensor
from . import functional as functional
from .containers import Compose as Compose
from .containers import RandomApply as RandomApply
from .containers import RandomChoice as RandomChoice
from .containers import RandomOrder as RandomOrder
from .geometric import CenterCrop as CenterCrop
from .geometric import ElasticTransform as ElasticTransform
from .geometric import Pad as Pad
from .geometric import RandomAffine as RandomAffine
from .geometric import RandomCrop as RandomCrop
from .geometric import RandomHorizontalFlip as RandomHorizontalFlip
from .geometric import RandomResizedCrop as RandomResizedCrop
from .geometric import RandomRotation as RandomRotation
from .geometric import RandomStretch as RandomStretch
from .geometric import RandomVerticalFlip as RandomVerticalFlip
from .geometric import Resize as Resize
from .mixing import CutMix as CutMix
from .mixing import MixUp as MixUp
from .pixels import ColorJitter as ColorJitter
from .pixels import Grayscale as Grayscale
from .pixels import Normalize as Normalize
from .pixels import RandomErasing as RandomErasing
from .pixels import RandomGrayscale as RandomGrayscale
from .pixels import ToDtype as ToDtype
from .pixels import ToImage as ToImage
from .structure import Transform as Transform

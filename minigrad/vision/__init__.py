"""Pictures: data sets, transforms and networks."""
from __future__ import annotations

from . import datasets as datasets
from . import models as models
from . import transforms as transforms
from . import tv_tensors as tv_tensors

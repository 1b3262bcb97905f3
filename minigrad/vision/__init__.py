"""Pictures: data sets, transforms, networks, what detectors are built of, files and drawing."""
from __future__ import annotations

from . import datasets as datasets
from . import io as io
from . import models as models
from . import ops as ops
from . import transforms as transforms
from . import tv_tensors as tv_tensors
from . import utils as utils

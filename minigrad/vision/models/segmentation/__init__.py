"""Networks that give each pixel a class."""
from __future__ import annotations

from .deeplabv3 import DeepLabV3 as DeepLabV3
from .deeplabv3 import DeepLabV3_MobileNet_V3_Large_Weights as DeepLabV3_MobileNet_V3_Large_Weights
from .deeplabv3 import DeepLabV3_ResNet50_Weights as DeepLabV3_ResNet50_Weights
from .deeplabv3 import DeepLabV3_ResNet101_Weights as DeepLabV3_ResNet101_Weights
from .deeplabv3 import deeplabv3_mobilenet_v3_large as deeplabv3_mobilenet_v3_large
from .deeplabv3 import deeplabv3_resnet50 as deeplabv3_resnet50
from .deeplabv3 import deeplabv3_resnet101 as deeplabv3_resnet101
from .fcn import FCN as FCN
from .fcn import FCN_ResNet50_Weights as FCN_ResNet50_Weights
from .fcn import FCN_ResNet101_Weights as FCN_ResNet101_Weights
from .fcn import fcn_resnet50 as fcn_resnet50
from .fcn import fcn_resnet101 as fcn_resnet101
from .lraspp import LRASPP as LRASPP
from .lraspp import LRASPP_MobileNet_V3_Large_Weights as LRASPP_MobileNet_V3_Large_Weights
from .lraspp import lraspp_mobilenet_v3_large as lraspp_mobilenet_v3_large

"""What users import to differentiate: backward, grad, Function, gradcheck, and the switches of recording."""
from ..engine.backward import backward as backward
from ..engine.backward import grad as grad
from ..engine.mode import enable_grad as enable_grad
from ..engine.mode import inference_mode as inference_mode
from ..engine.mode import no_grad as no_grad
from ..engine.mode import set_grad_enabled as set_grad_enabled
from . import function as function
from .function import Function as Function
from .gradcheck import gradcheck as gradcheck
from .gradcheck import gradgradcheck as gradgradcheck
from .variable import Variable as Variable

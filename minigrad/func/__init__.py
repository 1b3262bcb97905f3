"""PyTorch's `torch.func`: functions made of functions. Gradients, Jacobians and `vmap`, which nest in any order.

>>> import minigrad
>>> from minigrad.func import grad, vmap
>>> square = lambda x: x * x
>>> vmap(grad(square))(minigrad.tensor([1.0, 2.0]))
tensor([2., 4.])
"""
from ..batching.mapping import vmap as vmap
from .gradients import grad as grad
from .gradients import grad_and_value as grad_and_value
from .gradients import vjp as vjp
from .jacobians import hessian as hessian
from .jacobians import jacfwd as jacfwd
from .jacobians import jacrev as jacrev
from .jacobians import jvp as jvp
from .jacobians import linearize as linearize
from .modules import functional_call as functional_call
from .modules import functionalize as functionalize
from .modules import replace_all_batch_norm_modules_ as replace_all_batch_norm_modules_
from .modules import stack_module_state as stack_module_state

"""`functional_call` under its older name, `torch.nn.utils.stateless.functional_call`."""
from ...func.modules import functional_call as functional_call

"""The chi-squared distribution."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from . import constraints
from .gamma import Gamma

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape


class Chi2(Gamma):
    """The sum of the squares of df standard normal numbers: Gamma(df / 2, 1 / 2)."""
    arg_constraints: ClassVar = {"df": constraints.positive}

    def __init__(self, df: Parameter, validate_args: bool | None = None) -> None:
        super().__init__(0.5 * df, 0.5, validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        return super().expand(batch_shape, self._get_checked_instance(Chi2, _instance))

    @property
    def df(self) -> Tensor:
        """The degrees of freedom."""
        return self.concentration * 2

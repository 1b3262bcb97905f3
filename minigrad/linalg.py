"""Linear algebra, as `torch.linalg` has it."""
from __future__ import annotations

from .errors import LinalgError as LinAlgError
from .ops.factorizations import eig as eig
from .ops.factorizations import eigh as eigh
from .ops.factorizations import eigvals as eigvals
from .ops.factorizations import eigvalsh as eigvalsh
from .ops.factorizations import linalg_cholesky as cholesky
from .ops.factorizations import linalg_qr as qr
from .ops.factorizations import linalg_svd as svd
from .ops.factorizations import svdvals as svdvals
from .ops.linalg import cond as cond
from .ops.linalg import linalg_diagonal as diagonal
from .ops.linalg import lstsq as lstsq
from .ops.linalg import matrix_exp as matrix_exp
from .ops.linalg import matrix_power as matrix_power
from .ops.linalg import matrix_rank as matrix_rank
from .ops.linalg import pinv as pinv
from .ops.linalg import tensorinv as tensorinv
from .ops.linalg import tensorsolve as tensorsolve
from .ops.linalg import vander as vander
from .ops.magnitude import linalg_norm as norm
from .ops.magnitude import matrix_norm as matrix_norm
from .ops.magnitude import vector_norm as vector_norm
from .ops.matmul import matmul as matmul
from .ops.products import linalg_cross as cross
from .ops.products import multi_dot as multi_dot
from .ops.products import vecdot as vecdot
from .ops.systems import det as det
from .ops.systems import inv as inv
from .ops.systems import linalg_slogdet as slogdet
from .ops.systems import solve as solve
from .ops.triangular import solve_triangular as solve_triangular

__all__ = ["LinAlgError", "cholesky", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "inv", "lstsq", "matmul",
           "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet", "solve",
           "solve_triangular", "svd", "svdvals", "tensorinv", "tensorsolve", "vander", "vecdot", "vector_norm"]

"""Linear algebra, as `torch.linalg` has it."""
from __future__ import annotations

from .errors import LinalgError as LinAlgError
from .ops.factorizations import cholesky_ex as cholesky_ex
from .ops.factorizations import eig as eig
from .ops.factorizations import eigh as eigh
from .ops.factorizations import eigvals as eigvals
from .ops.factorizations import eigvalsh as eigvalsh
from .ops.factorizations import linalg_cholesky as cholesky
from .ops.factorizations import linalg_qr as qr
from .ops.factorizations import linalg_svd as svd
from .ops.factorizations import svdvals as svdvals
from .ops.ldl import ldl_factor as ldl_factor
from .ops.ldl import ldl_factor_ex as ldl_factor_ex
from .ops.ldl import ldl_solve as ldl_solve
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
from .ops.lu import linalg_lu_solve as lu_solve
from .ops.lu import lu as lu
from .ops.lu import lu_factor as lu_factor
from .ops.lu import lu_factor_ex as lu_factor_ex
from .ops.magnitude import linalg_norm as norm
from .ops.magnitude import matrix_norm as matrix_norm
from .ops.magnitude import vector_norm as vector_norm
from .ops.matmul import matmul as matmul
from .ops.products import linalg_cross as cross
from .ops.products import multi_dot as multi_dot
from .ops.products import vecdot as vecdot
from .ops.reflectors import householder_product as householder_product
from .ops.systems import det as det
from .ops.systems import inv as inv
from .ops.systems import inv_ex as inv_ex
from .ops.systems import linalg_slogdet as slogdet
from .ops.systems import solve as solve
from .ops.systems import solve_ex as solve_ex
from .ops.triangular import solve_triangular as solve_triangular

__all__ = ["LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh",
           "householder_product", "inv", "inv_ex", "ldl_factor", "ldl_factor_ex", "ldl_solve", "lstsq", "lu", "lu_factor", "lu_factor_ex",
           "lu_solve", "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet",
           "solve", "solve_ex", "solve_triangular", "svd", "svdvals", "tensorinv", "tensorsolve", "vander", "vecdot", "vector_norm"]

"""Results of which PyTorch promises less than their values.

Factorizations are unique up to signs or order only: their factors are judged by what they multiply to. Of equal elements, which one a
position means is nobody's promise.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .compare import TOLERANCE, value_difference


def array(t: Any) -> np.ndarray:
    return np.asarray(t.detach().numpy())


def tolerance(a: np.ndarray) -> float:
    return 100 * TOLERANCE[a.dtype.name]


def orthonormal(q: np.ndarray) -> str | None:
    """The columns of q."""
    product = q.swapaxes(-1, -2).conj() @ q
    found = value_difference(product, np.broadcast_to(np.eye(q.shape[-1]), product.shape), tolerance(q))
    return found and f"columns are not orthonormal: {found}"


def eigh(sample: Any, out: Any) -> str | None:
    """V diag(w) Vᴴ is the Hermitian matrix of the triangle that was read."""
    w, v = array(out[0]), array(out[1])
    a = array(sample.input[1])
    uplo = sample.kwargs[1].get("UPLO", sample.args[1][0] if sample.args[1] else "L").upper()
    half = np.tril(a, -1) if uplo == "L" else np.triu(a, 1)
    diagonal = np.zeros_like(a)
    indices = np.arange(a.shape[-1])
    diagonal[..., indices, indices] = a[..., indices, indices].real
    whole = half + half.swapaxes(-1, -2).conj() + diagonal
    return orthonormal(v) or value_difference(v * w[..., None, :] @ v.swapaxes(-1, -2).conj(), whole, tolerance(a))


def svd(sample: Any, out: Any) -> str | None:
    """U diag(S) Vᴴ is the input, whether the factors are full or reduced."""
    u, s, vh = array(out[0]), array(out[1]), array(out[2])
    a = array(sample.input[1])
    k = s.shape[-1]
    found = orthonormal(u) or orthonormal(vh.swapaxes(-1, -2).conj())
    return found or value_difference(u[..., :k] * s[..., None, :] @ vh[..., :k, :], a, tolerance(a))


def old_svd(sample: Any, out: Any) -> str | None:
    """`torch.svd`: V in place of Vᴴ."""
    if sample.kwargs[1].get("compute_uv") is False:
        return value_difference(array(out[1]), np.linalg.svd(array(sample.input[1]), compute_uv=False), tolerance(array(out[1])))
    return svd(sample, (out[0], out[1], out[2].mH))


def qr(sample: Any, out: Any) -> str | None:
    """Q R is the input, R is upper triangular; with mode "r" Rᴴ R is Aᴴ A."""
    q, r, a = array(out[0]), array(out[1]), array(sample.input[1])
    if not np.array_equal(r, np.triu(r)):
        return "R is not upper triangular"
    if not q.size and a.size:
        h = a.swapaxes(-1, -2).conj()
        return value_difference(r.swapaxes(-1, -2).conj() @ r, h @ a, tolerance(a))
    return orthonormal(q) or value_difference(q @ r, a, tolerance(a))


def eig(sample: Any, out: Any) -> str | None:
    """A V = V diag(w)."""
    w, v, a = array(out[0]), array(out[1]), array(sample.input[1])
    return value_difference(a @ v, v * w[..., None, :], tolerance(v))


def option(sample: Any, name: str, position: int, default: Any) -> Any:
    """An argument behind the input, however it was given."""
    return sample.kwargs[1].get(name, sample.args[1][position] if len(sample.args[1]) > position else default)


def taken(sample: Any, indices: np.ndarray, dim: int, keepdim: bool = True) -> np.ndarray:
    """The elements of the input at these positions along a dimension."""
    a = array(sample.input[1])
    if not a.ndim:
        return a
    found = np.take_along_axis(a, indices if keepdim else np.expand_dims(indices, dim), dim)
    return found if keepdim else found.squeeze(dim)


def repeats(indices: np.ndarray, dim: int) -> bool:
    """True if a position occurs twice in a slice."""
    return bool(indices.ndim and (np.diff(np.sort(indices, dim), axis=dim) == 0).any())


def picked(sample: Any, out: Any, expected: Any, indices: np.ndarray, dim: int, keepdim: bool = True) -> str | None:
    """Values are PyTorch's, and positions point at them, each once. Which of equal elements is meant is left open."""
    if keepdim and repeats(indices, dim):
        return "a position occurs twice"
    return value_difference(taken(sample, indices, dim, keepdim), expected, 0) if expected.dtype.kind != "f" else \
        value_difference(taken(sample, indices, dim, keepdim), expected, 1e-12)


def topk(sample: Any, out: Any, expected: Any) -> str | None:
    """In order unless `sorted=False`, which leaves it open."""
    values, indices, dim = array(out[0]), array(out[1]), option(sample, "dim", 1, -1)
    theirs = np.asarray(expected[0])
    if not option(sample, "sorted", 3, True):
        values, theirs = np.sort(values, dim) if values.ndim else values, np.sort(theirs, dim) if theirs.ndim else theirs
        return value_difference(values, theirs, 0) or picked(sample, out, array(out[0]), indices, dim)
    return value_difference(values, theirs, 0) or picked(sample, out, theirs, indices, dim)


def kthvalue(sample: Any, out: Any, expected: Any) -> str | None:
    dim, keepdim = option(sample, "dim", 1, -1), option(sample, "keepdim", 2, False)
    theirs = np.asarray(expected[0])
    return value_difference(array(out[0]), theirs, 0) or picked(sample, out, theirs, array(out[1]), dim, keepdim)


def unstable_sort(sample: Any, out: Any, expected: Any) -> str | None:
    """`stable=True` leaves nothing open."""
    if sample.kwargs[1].get("stable"):
        return value_difference(array(out[1]), np.asarray(expected[1]), 0)
    theirs = np.asarray(expected[0])
    found = value_difference(array(out[0]), theirs, 1e-12 if theirs.dtype.kind == "f" else 0)
    return found or picked(sample, out, theirs, array(out[1]), option(sample, "dim", 0, -1))


def argsort(sample: Any, out: Any, expected: Any) -> str | None:
    if sample.kwargs[1].get("stable"):
        return value_difference(array(out), np.asarray(expected), 0)
    dim = option(sample, "dim", 0, -1)
    return picked(sample, out, taken(sample, np.asarray(expected), dim), array(out), dim)


REBUILD = {"linalg.eigh": eigh, "linalg.svd": svd, "linalg.qr": qr, "qr": qr, "svd": old_svd, "linalg.eig": eig}
def mode(sample: Any, out: Any, expected: Any) -> str | None:
    dim, keepdim, theirs = option(sample, "dim", 0, -1), option(sample, "keepdim", 1, False), np.asarray(expected[0])
    return value_difference(array(out[0]), theirs, 0) or picked(sample, out, theirs, array(out[1]), dim, keepdim)


CHOICES = {"topk": topk, "kthvalue": kthvalue, "mode": mode, "sort": unstable_sort, "argsort": argsort}

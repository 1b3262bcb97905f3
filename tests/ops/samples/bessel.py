"""Samples of ops/bessel.py."""
from __future__ import annotations

import scipy.special

from tests.ops.samples import samples
from tests.ops.samples.elementwise import one

signed = one(complex_too=False)
positive = one(lambda r: r.positive, complex_too=False)

samples("bessel_j0", oracle=scipy.special.j0)(signed)
samples("bessel_j1", oracle=scipy.special.j1)(signed)
samples("bessel_y0", oracle=scipy.special.y0)(positive)
samples("bessel_y1", oracle=scipy.special.y1)(positive)
samples("i0", oracle=scipy.special.i0)(signed)
samples("i0e", oracle=scipy.special.i0e)(signed)
samples("i1", oracle=scipy.special.i1)(signed)
samples("i1e", oracle=scipy.special.i1e)(signed)
samples("modified_bessel_k0", oracle=scipy.special.k0)(positive)
samples("modified_bessel_k1", oracle=scipy.special.k1)(positive)
samples("scaled_modified_bessel_k0", oracle=scipy.special.k0e)(positive)
samples("scaled_modified_bessel_k1", oracle=scipy.special.k1e)(positive)
samples("spherical_bessel_j0", oracle=lambda x: scipy.special.spherical_jn(0, x))(positive)
samples("airy_ai", oracle=lambda x: scipy.special.airy(x)[0])(signed)
samples("airy_slope", oracle=lambda x: scipy.special.airy(x)[1])(signed)

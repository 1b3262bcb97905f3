"""Windows, as `torch.signal.windows` has them: symmetric unless `sym=False`."""
from __future__ import annotations

from ...tapers import bartlett as bartlett
from ...tapers import blackman as blackman
from ...tapers import cosine as cosine
from ...tapers import exponential as exponential
from ...tapers import gaussian as gaussian
from ...tapers import general_cosine as general_cosine
from ...tapers import general_hamming as general_hamming
from ...tapers import hamming as hamming
from ...tapers import hann as hann
from ...tapers import kaiser as kaiser
from ...tapers import nuttall as nuttall

__all__ = ["bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann", "kaiser",
           "nuttall"]

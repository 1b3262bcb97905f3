"""Which ops and functions autocast runs in float16, which in float32, and which in the widest dtype among their operands.

The lists are PyTorch's ("Autocast Op Reference"), in our names: of ops (`conv2d` is the op `convolution`) and of functions made of
several ops (`engine/casting.py`). What stands in no list takes dtypes as they come.
"""
from __future__ import annotations

HALF, SINGLE, WIDEST, REFUSED = "half", "single", "widest", "refused"

# Sums of products, which hardware for float16 is made for: products are exact in float32, in which they are added.
PRODUCTS = "convolution conv2d_input linear matmul mm bmm addmm addbmm baddbmm contract vecdot attend prelu_kernel"

# Sums of many small numbers, or logarithms of them.
LOSSES = """
    bernoulli_logits_nll class_cross_entropy soft_cross_entropy nll mse l1 huber kl soft_margin multi_margin multilabel_margin
    cosine_embedding_loss ctc_loss hinge_embedding_loss margin_ranking_loss poisson_nll_loss triplet_margin_loss
"""

CPU = {
    HALF: PRODUCTS + " rnn_relu_step rnn_tanh_step",
    SINGLE: LOSSES + """
        bernoulli_nll avg_pool3d adaptive_avg_pool3d max_pool3d max_pool3d_with_indices adaptive_max_pool3d
        adaptive_max_pool3d_with_indices fractional_max_pool2d fractional_max_pool2d_with_indices fractional_max_pool3d
        fractional_max_pool3d_with_indices max_unpool1d max_unpool2d max_unpool3d grid_sample cdist prod quantile nanquantile trace
        polar view_as_complex stft linalg_cholesky eigvals eigvalsh inv svdvals lstsq
        rnn_scan lstm_scan gru_scan
    """,
    WIDEST: "cat stack index_copy",
}

CUDA = {
    HALF: PRODUCTS + " addmv addr mv lstm_step gru_step rnn_relu_step rnn_tanh_step",
    SINGLE: LOSSES + """
        acos asin cosh erfinv exp expm1 log log10 log1p log2 pow reciprocal rsqrt sinh tan softplus softmax log_softmax layer_norm
        group_normalize vector_norm logsumexp sum prod cumsum cumprod cdist
    """,
    WIDEST: "addcdiv addcmul atan2 cat dot grid_sample scatter_add stack vdot",
    REFUSED: "bernoulli_nll",
}

LISTS = {device: {name: kind for kind, names in lists.items() for name in names.split()}
         for device, lists in (("cpu", CPU), ("cuda", CUDA))}

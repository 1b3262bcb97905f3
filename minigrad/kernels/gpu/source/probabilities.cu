// Softmax, its logarithm, and the loss of classification. A row has K elements `inner` apart: one block works on a row whose
// elements lie side by side, else one thread does, and the threads of a warp read side by side.

struct Walk {
    size outer, length, inner;               // x (outer, length, inner)
    __device__ I base(I row) const { return row / (I)inner * (I)length * (I)inner + row % (I)inner; }
};

// What a thread adds up or compares, over a row; alone it has the row to itself.
#define OVER(k, w, alone) for (I k = (alone) ? 0 : threadIdx.x; k < (I)w.length; k += (alone) ? 1 : blockDim.x)
#define ROWS(row, w, alone) \
    for (I row = (alone) ? (I)blockIdx.x * blockDim.x + threadIdx.x : blockIdx.x; row < (I)(w.outer * w.inner); \
         row += (alone) ? (I)gridDim.x * blockDim.x : gridDim.x)

__device__ inline A sum_of(A value, bool alone) { return alone ? value : block_sum(value); }

__device__ inline A top_of(const T* x, const Walk& w, bool alone) {
    A top = (A)x[0];
    OVER(k, w, alone) {
        A value = (A)x[k * (I)w.inner];
        top = value > top || value != value ? value : top;
    }
    return alone ? top : block_max(top);
}

__device__ inline A exp_sum(const T* x, A top, const Walk& w, bool alone) {
    A sum = 0;
    OVER(k, w, alone)
        sum += exp((A)x[k * (I)w.inner] - top);
    return sum_of(sum, alone);
}

KERNEL softmax(T* y, const T* x, Walk w, size alone) {
    ROWS(row, w, alone) {
        const T* from = x + w.base(row);
        A top = top_of(from, w, alone), share = 1 / exp_sum(from, top, w, alone);
        OVER(k, w, alone)
            y[w.base(row) + k * (I)w.inner] = T(exp((A)from[k * (I)w.inner] - top) * share);
    }
}

KERNEL log_softmax(T* y, const T* x, Walk w, size alone) {
    ROWS(row, w, alone) {
        const T* from = x + w.base(row);
        A top = top_of(from, w, alone), total = log(exp_sum(from, top, w, alone));
        OVER(k, w, alone)
            y[w.base(row) + k * (I)w.inner] = T((A)from[k * (I)w.inner] - top - total);
    }
}

KERNEL softmax_input(T* out, const T* g, const T* y, Walk w, size alone) {
    ROWS(row, w, alone) {
        I base = w.base(row);
        A sum = 0;
        OVER(k, w, alone)
            sum += (A)y[base + k * (I)w.inner] * (A)g[base + k * (I)w.inner];
        sum = sum_of(sum, alone);
        OVER(k, w, alone) {
            I i = base + k * (I)w.inner;
            out[i] = T((A)y[i] * ((A)g[i] - sum));
        }
    }
}

KERNEL log_softmax_input(T* out, const T* g, const T* y, Walk w, size alone) {
    ROWS(row, w, alone) {
        I base = w.base(row);
        A sum = 0;
        OVER(k, w, alone)
            sum += (A)g[base + k * (I)w.inner];
        sum = sum_of(sum, alone);
        OVER(k, w, alone) {
            I i = base + k * (I)w.inner;
            out[i] = T((A)g[i] - exp((A)y[i]) * sum);
        }
    }
}

// Cross entropy of logits x and labels t (outer, inner), and the gradient d of the losses' sum, or of their mean over `counted`
// labels. A label that is no class has the loss nan: a device cannot raise.
KERNEL class_loss(T* losses, T* d, const T* x, const size* t, const T* counted, Walk w, size ignored, size alone) {
    ROWS(row, w, alone) {
        const T* from = x + w.base(row);
        T* to = d + w.base(row);
        size label = t[row];
        bool unused = label == ignored, wrong = !unused && (label < 0 || label >= w.length);
        A top = top_of(from, w, alone), sum = exp_sum(from, top, w, alone);
        A scale = unused ? (A)0 : counted ? 1 / largest((A)counted[0], (A)1) : (A)1;
        A broken = wrong ? (A)0 / (A)0 : (A)0;
        OVER(k, w, alone)
            to[k * (I)w.inner] = T(unused ? (A)0 : (exp((A)from[k * (I)w.inner] - top) / sum - (k == (I)label ? 1 : 0)) * scale + broken);
        if (alone || threadIdx.x == 0)
            losses[row] = T(unused ? (A)0 : wrong ? broken : log(sum) - ((A)from[(I)label * (I)w.inner] - top));
    }
}

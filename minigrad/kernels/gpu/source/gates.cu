// GELU: x times the normal distribution function, or its approximation by tanh (Hendrycks and Gimpel, 2016).
#define ROOT_HALF 0.70710678118654752440
#define BELL 0.39894228040143267794          // 1 / sqrt(2 pi)
#define TANH_SCALE 0.79788456080286535588    // sqrt(2 / pi)
#define TANH_CUBIC 0.044715

__device__ inline A normal(A x) { return (A)0.5 * erfc(-x * (A)ROOT_HALF); }
__device__ inline A half_turn(A x) { return ((A)1 + tanh((A)TANH_SCALE * x * ((A)1 + (A)TANH_CUBIC * x * x))) / 2; }

KERNEL gelu(T* y, const T* x, size count, size by_tanh) {
    EACH(i, count) {
        A v = (A)x[i];
        y[i] = T(v * (by_tanh ? half_turn(v) : normal(v)));
    }
}

KERNEL gelu_input(T* out, const T* g, const T* x, size count, size by_tanh) {
    EACH(i, count) {
        A v = (A)x[i], h = by_tanh ? half_turn(v) : normal(v);
        A slope = by_tanh ? v * h * (1 - h) * (2 * (A)TANH_SCALE) * (1 + 3 * (A)TANH_CUBIC * v * v) : v * exp(v * v / -2) * (A)BELL;
        out[i] = T((A)g[i] * (h + slope));
    }
}

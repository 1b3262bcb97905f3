// The functions of numbers that formulas of elementwise ops are made of.
__device__ inline A pick(bool condition, A yes, A no) { return condition ? yes : no; }
__device__ inline A exponential(A x) { return exp(x); }
__device__ inline A exponential_less_1(A x) { return expm1(x); }
__device__ inline A logarithm(A x) { return log(x); }
__device__ inline A log1p_of_fraction(A x) { return log1p(x); }
__device__ inline A hyperbolic_tangent(A x) { return tanh(x); }
__device__ inline A logistic(A x) { return 1 / (1 + exp(-x)); }
__device__ inline A magnitude(A x) { return x < 0 ? -x : x; }

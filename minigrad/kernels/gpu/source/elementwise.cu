// One pass over arrays for a function of numbers, OP, which stands in front of this (see elementwise.py). X, Y and Z are the types
// of the arrays' elements: T, or bool. ONLY_... says which kernel goes with the number of its arguments. The second array may have fewer elements: `inner` of the output belong to each of its `n`.

#ifdef ONLY_EACH1
KERNEL each1(T* out, const X* x, size count) { EACH(i, count) out[i] = T(OP(x[i])); }
#endif

#ifdef ONLY_EACH1_WITH
KERNEL each1_with(T* out, const X* x, double a, double b, double c, size count) {
    EACH(i, count) out[i] = T(OP(x[i], (A)a, (A)b, (A)c));
}
#endif

#ifdef ONLY_EACH2
KERNEL each2(T* out, const X* x, const Y* y, size n, size inner, size count) {
    EACH(i, count) out[i] = T(OP(x[i], y[i / (I)inner % (I)n]));
}
#endif

#ifdef ONLY_EACH2_WITH
KERNEL each2_with(T* out, const X* x, const Y* y, double a, double b, double c, size count) {
    EACH(i, count) out[i] = T(OP(x[i], y[i], (A)a, (A)b, (A)c));
}
#endif

#ifdef ONLY_EACH3
KERNEL each3(T* out, const X* x, const Y* y, const Z* z, size count) { EACH(i, count) out[i] = T(OP(x[i], y[i], z[i])); }
#endif

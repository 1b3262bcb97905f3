// Convolution in which every channel has filters of its own, `each` of them: too little work per column for a product of matrices.

KERNEL depthwise(T* out, const T* x, const T* weights, const T* b, Window w, size planes, size filters, size each, size rectify) {
    EACH(i, planes * w.outs()) {             // (image, filter, oy, ox)
        I plane = i / w.outs(), p = i % w.outs();
        int f = plane % (I)filters, oy = p / w.out_x, ox = p % w.out_x;
        const T* from = x + plane / (I)each * w.area();
        const T* tap = weights + (I)f * w.taps();
        A sum = b ? (A)b[f] : (A)0;
        for (int ky = 0; ky < w.kernel_y; ky++)
            for (int kx = 0; kx < w.kernel_x; kx++, tap++) {
                int y = w.row(oy, ky), column = w.column(ox, kx);
                if (w.inside(y, column))
                    sum += (A)from[y * w.width + column] * (A)*tap;
            }
        out[i] = T(rectify && sum < 0 ? (A)0 : sum);
    }
}

KERNEL depthwise_input(T* out, const T* g, const T* weights, Window w, size planes, size channels, size each) {
    EACH(i, planes * w.area()) {             // (image, channel, y, x)
        I plane = i / w.area(), p = i % w.area();
        int c = plane % (I)channels, y = p / w.width, column = p % w.width;
        A sum = 0;
        for (int k = 0; k < (int)each; k++) {
            const T* from = g + (plane * (I)each + k) * w.outs();
            const T* tap = weights + ((I)c * (I)each + k) * w.taps();
            for (int ky = 0; ky < w.kernel_y; ky++) {
                int oy = w.out_row(y, ky);
                if (oy < 0)
                    continue;
                for (int kx = 0; kx < w.kernel_x; kx++) {
                    int ox = w.out_column(column, kx);
                    if (ox >= 0)
                        sum += (A)from[oy * w.out_x + ox] * (A)tap[ky * w.kernel_x + kx];
                }
            }
        }
        out[i] = T(sum);
    }
}

// One block per filter and tap.
KERNEL depthwise_weight(T* out, const T* g, const T* x, Window w, size images, size filters, size each) {
    int f = blockIdx.x / w.taps(), tap = blockIdx.x % w.taps();
    int ky = tap / w.kernel_x, kx = tap % w.kernel_x;
    A sum = 0;
    for (I i = threadIdx.x; i < (I)images * w.outs(); i += blockDim.x) {
        I n = i / w.outs(), p = i % w.outs();
        int y = w.row(p / w.out_x, ky), column = w.column(p % w.out_x, kx);
        if (w.inside(y, column))
            sum += (A)g[(n * (I)filters + f) * w.outs() + p] * (A)x[((n * (I)filters + f) / (I)each) * w.area() + y * w.width + column];
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0)
        out[blockIdx.x] = T(sum);
}

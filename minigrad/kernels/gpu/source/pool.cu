// Pooling. Gradients are gathered: each place of the input asks which windows see it, so sums are the same in every run.
// TAP is the type of taps, LOWEST the least number of type T.

KERNEL max_pool(T* out, TAP* taps, const T* x, Window w, size planes) {
    EACH(i, planes * w.outs()) {
        I plane = i / w.outs(), p = i % w.outs();
        int oy = p / w.out_x, ox = p % w.out_x;
        const T* from = x + plane * w.area();
        int first_y = least(largest(0, -down(oy * w.stride_y - w.top, w.dilation_y)), w.kernel_y - 1);
        int first_x = least(largest(0, -down(ox * w.stride_x - w.left, w.dilation_x)), w.kernel_x - 1);
        int winner = first_y * w.kernel_x + first_x;
        T highest = LOWEST;
        for (int ky = first_y; ky < w.kernel_y; ky++)
            for (int kx = first_x; kx < w.kernel_x; kx++) {
                int y = w.row(oy, ky), column = w.column(ox, kx);
                if (!w.inside(y, column))
                    continue;
                T value = from[y * w.width + column];
                if (value > highest || value != value) {         // the last nan wins, as in PyTorch
                    highest = value;
                    winner = ky * w.kernel_x + kx;
                }
            }
        out[i] = highest;
        taps[i] = (TAP)winner;
    }
}

KERNEL max_pool_input(T* out, const T* g, const TAP* taps, Window w, size planes) {
    EACH(i, planes * w.area()) {
        I plane = i / w.area(), p = i % w.area();
        int y = p / w.width, column = p % w.width;
        A sum = 0;
        for (int ky = 0; ky < w.kernel_y; ky++) {
            int oy = w.out_row(y, ky);
            if (oy < 0)
                continue;
            for (int kx = 0; kx < w.kernel_x; kx++) {
                int ox = w.out_column(column, kx);
                I from = plane * w.outs() + oy * w.out_x + ox;
                if (ox >= 0 && taps[from] == (TAP)(ky * w.kernel_x + kx))
                    sum += (A)g[from];
            }
        }
        out[i] = T(sum);
    }
}

KERNEL max_pool_gather(T* out, const T* x, const TAP* taps, Window w, size planes) {
    EACH(i, planes * w.outs()) {
        I plane = i / w.outs(), p = i % w.outs();
        int y = w.row(p / w.out_x, taps[i] / w.kernel_x), column = w.column(p % w.out_x, taps[i] % w.kernel_x);
        out[i] = w.inside(y, column) ? x[plane * w.area() + y * w.width + column] : T(0);
    }
}

KERNEL max_pool_flat(size* out, const TAP* taps, Window w, size planes) {
    EACH(i, planes * w.outs()) {
        int p = i % w.outs();
        out[i] = (size)w.row(p / w.out_x, taps[i] / w.kernel_x) * w.width + w.column(p % w.out_x, taps[i] % w.kernel_x);
    }
}

// How many places of window o count along one axis: those up to the end of the padded input, or only of the input.
__device__ inline int counted(int o, int stride, int before, int after, int kernel, int length, bool padding_counts) {
    int start = o * stride - before, end = least(start + kernel, length + after);
    if (!padding_counts) {
        start = largest(start, 0);
        end = least(end, length);
    }
    return largest(end - start, 1);
}

__device__ inline A divisor(const Window& w, int oy, int ox, bool padding_counts, int instead) {
    return instead ? (A)instead : (A)((size)counted(oy, w.stride_y, w.top, w.bottom, w.kernel_y, w.height, padding_counts)
                                      * counted(ox, w.stride_x, w.left, w.right, w.kernel_x, w.width, padding_counts));
}

KERNEL avg_pool(T* out, const T* x, Window w, size planes, size padding_counts, size instead) {
    EACH(i, planes * w.outs()) {
        I plane = i / w.outs(), p = i % w.outs();
        int oy = p / w.out_x, ox = p % w.out_x;
        A sum = 0;
        for (int y = largest(w.row(oy, 0), 0); y < least(w.row(oy, w.kernel_y), w.height); y++)
            for (int column = largest(w.column(ox, 0), 0); column < least(w.column(ox, w.kernel_x), w.width); column++)
                sum += (A)x[plane * w.area() + y * w.width + column];
        out[i] = T(sum / divisor(w, oy, ox, padding_counts, (int)instead));
    }
}

KERNEL avg_pool_input(T* out, const T* g, Window w, size planes, size padding_counts, size instead) {
    EACH(i, planes * w.area()) {
        I plane = i / w.area(), p = i % w.area();
        int y = p / w.width, column = p % w.width;
        int last_y = least(down(y + w.top, w.stride_y), w.out_y - 1), last_x = least(down(column + w.left, w.stride_x), w.out_x - 1);
        A sum = 0;
        for (int oy = largest(up(y + w.top - w.kernel_y + 1, w.stride_y), 0); oy <= last_y; oy++)
            for (int ox = largest(up(column + w.left - w.kernel_x + 1, w.stride_x), 0); ox <= last_x; ox++)
                sum += (A)g[plane * w.outs() + oy * w.out_x + ox] / divisor(w, oy, ox, padding_counts, (int)instead);
        out[i] = T(sum);
    }
}

// Bin i of `bins` over n places covers first(i, n, bins) ... last(i, n, bins) - 1; they may overlap.
__device__ inline int first(size i, size n, size bins) { return (int)(i * n / bins); }
__device__ inline int last(size i, size n, size bins) { return (int)(((i + 1) * n + bins - 1) / bins); }

KERNEL bins(T* out, const T* x, Window w, size planes) {
    EACH(i, planes * w.outs()) {
        I plane = i / w.outs(), p = i % w.outs();
        int top = first(p / w.out_x, w.height, w.out_y), bottom = last(p / w.out_x, w.height, w.out_y);
        int left = first(p % w.out_x, w.width, w.out_x), right = last(p % w.out_x, w.width, w.out_x);
        A sum = 0;
        for (int y = top; y < bottom; y++)
            for (int column = left; column < right; column++)
                sum += (A)x[plane * w.area() + y * w.width + column];
        out[i] = T(sum / (A)((bottom - top) * (right - left)));
    }
}

// Bin i holds place p exactly when, with sizes swapped, bin p holds place i.
KERNEL bins_input(T* out, const T* g, Window w, size planes) {
    EACH(i, planes * w.area()) {
        I plane = i / w.area(), p = i % w.area();
        int y = p / w.width, column = p % w.width;
        A sum = 0;
        for (int oy = first(y, w.out_y, w.height); oy < last(y, w.out_y, w.height); oy++)
            for (int ox = first(column, w.out_x, w.width); ox < last(column, w.out_x, w.width); ox++) {
                int rows = last(oy, w.height, w.out_y) - first(oy, w.height, w.out_y);
                int columns = last(ox, w.width, w.out_x) - first(ox, w.width, w.out_x);
                sum += (A)g[plane * w.outs() + oy * w.out_x + ox] / (A)(rows * columns);
            }
        out[i] = T(sum);
    }
}

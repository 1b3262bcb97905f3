// Convolution by products of matrices: a column for each place of the output, a row for each tap of each channel.

// columns (planes, taps, outs), or with rows = the number of images' places (taps of all channels, images, outs), as strides say.
KERNEL im2col(T* columns, const T* x, Window w, size planes, size channels, size plane_stride, size image_stride, size tap_stride) {
    EACH(i, planes * w.outs()) {             // (image, channel, oy, ox)
        I plane = i / w.outs(), p = i % w.outs();
        int oy = p / w.out_x, ox = p % w.out_x;
        const T* from = x + plane * w.area();
        T* to = columns + plane % (I)channels * (I)plane_stride + plane / (I)channels * (I)image_stride + p;
        for (int ky = 0; ky < w.kernel_y; ky++)
            for (int kx = 0; kx < w.kernel_x; kx++, to += tap_stride) {
                int y = w.row(oy, ky), column = w.column(ox, kx);
                *to = w.inside(y, column) ? from[y * w.width + column] : T(0);
            }
    }
}

// Each place of x (planes, height, width) adds up what the windows that see it hold: columns (planes, taps, outs).
KERNEL col2im(T* x, const T* columns, Window w, size planes) {
    EACH(i, planes * w.area()) {
        I plane = i / w.area(), p = i % w.area();
        int y = p / w.width, column = p % w.width;
        const T* from = columns + plane * w.taps() * w.outs();
        A sum = 0;
        for (int ky = 0; ky < w.kernel_y; ky++) {
            int oy = w.out_row(y, ky);
            if (oy < 0)
                continue;
            for (int kx = 0; kx < w.kernel_x; kx++) {
                int ox = w.out_column(column, kx);
                if (ox >= 0)
                    sum += (A)from[(I)(ky * w.kernel_x + kx) * w.outs() + oy * w.out_x + ox];
            }
        }
        x[i] = T(sum);
    }
}

// y (N, F, P) plus b (F,), and max(y, 0) if wanted; nan stays.
KERNEL finish(T* y, const T* b, size count, size filters, size places, size rectify) {
    EACH(i, count) {
        A value = (A)y[i] + (b ? (A)b[i / (I)places % (I)filters] : (A)0);
        y[i] = T(rectify && value < 0 ? (A)0 : value);
    }
}

// (N, C, P) -> (C, N, P)
KERNEL channels_first(T* out, const T* x, size images, size channels, size places) {
    EACH(i, images * channels * places) {
        I p = i % (I)places, n = i / (I)places % (I)images, c = i / (I)places / (I)images;
        out[i] = x[(n * (I)channels + c) * (I)places + p];
    }
}

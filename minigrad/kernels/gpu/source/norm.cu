// Normalization: means and variances in two steps, so that also a few long rows keep all of the device at work.
// A row is what one mean is taken of: K elements in `outer` runs of `inner`, `stride` apart. For batch normalization of
// (N, C, P) row c has outer N, inner P, stride C * P; for layer normalization outer is 1.

struct Rows {
    size count, outer, inner, stride;        // how many rows; of each, its runs
    size offset;                             // from one row to the next
    size parts;                              // in how many parts a row is added up
    __device__ I length() const { return (I)outer * (I)inner; }
    __device__ I at(I row, I k) const { return row * (I)offset + k / (I)inner * (I)stride + k % (I)inner; }
    __device__ I begin(I part) const { return (size)length() * part / parts; }
    // The row of element i: rows lie one behind the other, or, in batch normalization, take turns.
    __device__ I row_of(I i, bool in_turns) const { return in_turns ? i / (I)inner % (I)count : i / length(); }
};

// The mean of one part of a row and the sum of squares about it: (rows, parts, 2)
KERNEL moments(A* out, const T* x, Rows r) {
    I row = blockIdx.x / (I)r.parts, part = blockIdx.x % (I)r.parts;
    I begin = r.begin(part), end = r.begin(part + 1);
    A sum = 0, squares = 0;
    for (I k = begin + threadIdx.x; k < end; k += blockDim.x)
        sum += (A)x[r.at(row, k)];
    A mean = block_sum(sum) / (A)largest(end - begin, (I)1);
    for (I k = begin + threadIdx.x; k < end; k += blockDim.x) {
        A d = (A)x[r.at(row, k)] - mean;
        squares += d * d;
    }
    squares = block_sum(squares);
    if (threadIdx.x == 0) {
        out[blockIdx.x * 2] = mean;
        out[blockIdx.x * 2 + 1] = squares;
    }
}

// Parts to a whole: Chan, Golub and LeVeque, 1979.
KERNEL whole_moments(T* mean, T* var, const A* parts, Rows r) {
    EACH(row, r.count) {
        A m = 0, squares = 0, count = 0;
        for (I part = 0; part < (I)r.parts; part++) {
            A n = (A)(r.begin(part + 1) - r.begin(part));
            if (n == 0)
                continue;
            const A* p = parts + (row * (I)r.parts + part) * 2;
            A d = p[0] - m;
            count += n;
            m += d * (n / count);
            squares += p[1] + d * d * (n * (count - n) / count);
        }
        mean[row] = T(m);
        var[row] = T(squares / count);
    }
}

// (x - mean) / sqrt(var + eps) * w + b; w and b belong to rows (batch) or to places within them (layer).
KERNEL normalize(T* y, const T* x, const T* mean, const T* var, const T* w, const T* b, double eps, Rows r, size by_row) {
    EACH(i, r.count * r.length()) {
        I row = r.row_of(i, by_row), k = by_row ? row : i % r.length();
        A value = ((A)x[i] - (A)mean[row]) * (1 / sqrt((A)var[row] + (A)eps));
        if (w)
            value *= (A)w[k];
        if (b)
            value += (A)b[k];
        y[i] = T(value);
    }
}

// Of g * w and g * w * (x - mean), the sums over a part of a row: (rows, parts, 2)
KERNEL gradient_sums(A* out, const T* g, const T* x, const T* mean, const T* w, Rows r, size by_row) {
    I row = blockIdx.x / (I)r.parts, part = blockIdx.x % (I)r.parts;
    A sum = 0, along = 0, m = (A)mean[row];
    for (I k = r.begin(part) + threadIdx.x; k < r.begin(part + 1); k += blockDim.x) {
        I i = r.at(row, k);
        A d = (A)g[i] * (w ? (A)w[by_row ? row : k] : (A)1);
        sum += d;
        along += d * ((A)x[i] - m);
    }
    sum = block_sum(sum);
    along = block_sum(along);
    if (threadIdx.x == 0) {
        out[blockIdx.x * 2] = sum;
        out[blockIdx.x * 2 + 1] = along;
    }
}

KERNEL whole_sums(A* out, const A* parts, Rows r) {
    EACH(i, r.count * 2) {
        A sum = 0;
        for (I part = 0; part < (I)r.parts; part++)
            sum += parts[(i / 2 * (I)r.parts + part) * 2 + i % 2];
        out[i] = sum;
    }
}

KERNEL normalize_input(T* out, const T* g, const T* x, const T* mean, const T* var, const T* w, const A* sums, double eps, Rows r,
                       size by_row) {
    EACH(i, r.count * r.length()) {
        I row = r.row_of(i, by_row);
        A rate = 1 / sqrt((A)var[row] + (A)eps), n = (A)r.length(), d = (A)g[i];
        if (w)
            d *= (A)w[by_row ? row : i % r.length()];
        out[i] = T((d - sums[row * 2] / n - ((A)x[i] - (A)mean[row]) * (sums[row * 2 + 1] / n * (rate * rate))) * rate);
    }
}

// Batch normalization's gradient for w is in the sums already.
KERNEL scale_gradient(T* out, const A* sums, const T* var, double eps, size rows) {
    EACH(row, rows)
        out[row] = T(sums[row * 2 + 1] / sqrt((A)var[row] + (A)eps));
}

// Layer normalization's for w: over rows, for each place. One block of 32 x 8 threads per 32 places and part of the rows.
KERNEL columns_sums(A* out, const T* g, const T* x, const T* mean, const T* var, double eps, size rows, size width, size parts) {
    __shared__ A partial[8][32];
    I lane = threadIdx.x % 32, line = threadIdx.x / 32;
    I blocks = ((I)width + 31) / 32, column = blockIdx.x % blocks * 32 + lane, part = blockIdx.x / blocks;
    A sum = 0;
    if (column < (I)width)
        for (I row = (size)part * rows / parts + line; row < (I)((size)(part + 1) * rows / parts); row += 8)
            sum += (A)g[row * (I)width + column] * ((A)x[row * (I)width + column] - (A)mean[row]) * (1 / sqrt((A)var[row] + (A)eps));
    partial[line][lane] = sum;
    __syncthreads();
    if (line == 0 && column < (I)width) {
        for (int k = 1; k < 8; k++)
            sum += partial[k][lane];
        out[part * (I)width + column] = sum;
    }
}

KERNEL add_parts(T* out, const A* parts, size count, size width) {
    EACH(i, width) {
        A sum = 0;
        for (I part = 0; part < (I)count; part++)
            sum += parts[part * (I)width + i];
        out[i] = T(sum);
    }
}

// The sum of each row: a convolution's gradient for its bias.
KERNEL row_sums(A* out, const T* x, Rows r) {
    I row = blockIdx.x / (I)r.parts, part = blockIdx.x % (I)r.parts;
    A sum = 0;
    for (I k = r.begin(part) + threadIdx.x; k < r.begin(part + 1); k += blockDim.x)
        sum += (A)x[r.at(row, k)];
    sum = block_sum(sum);
    if (threadIdx.x == 0)
        out[part * (I)r.count + row] = sum;
}

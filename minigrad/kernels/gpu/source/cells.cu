// One step of a recurrent cell behind its two products of matrices. Equations and order of gates are those of `ops/rnn.py`.
__device__ inline A sigmoid(A x) { return 1 / (1 + exp(-x)); }

// zx, zh (N, 4H): what x and h add to the gates i, f, g, o; b (4H,) or nothing; c (N, H).
KERNEL lstm(T* h, T* memory, T* t, T* gates, const T* zx, const T* zh, const T* b, const T* c, size rows, size width) {
    EACH(i, rows * width) {
        I j = i % (I)width, at = i / (I)width * 4 * (I)width + j;
        A z[4];
        for (int k = 0; k < 4; k++) {
            I place = at + k * (I)width;
            A sum = (A)zx[place] + (A)zh[place] + (b ? (A)b[k * (I)width + j] : (A)0);
            z[k] = k == 2 ? tanh(sum) : sigmoid(sum);
            gates[place] = T(z[k]);
        }
        A m = z[1] * (A)c[i] + z[0] * z[2], found = tanh(m);
        memory[i] = T(m);
        t[i] = T(found);
        h[i] = T(z[3] * found);
    }
}

KERNEL lstm_input(T* dz, T* dc, const T* gh, const T* gc, const T* gates, const T* t, const T* c, size rows, size width) {
    EACH(k, rows * width) {
        I at = k / (I)width * 4 * (I)width + k % (I)width;
        A i = (A)gates[at], f = (A)gates[at + (I)width], g = (A)gates[at + 2 * (I)width], o = (A)gates[at + 3 * (I)width];
        A y = (A)gh[k], tt = (A)t[k], d = (A)gc[k] + y * o * (1 - tt * tt);
        dz[at] = T(d * g * (i * (1 - i)));
        dz[at + (I)width] = T(d * (A)c[k] * (f * (1 - f)));
        dz[at + 2 * (I)width] = T(d * i * (1 - g * g));
        dz[at + 3 * (I)width] = T(y * tt * (o * (1 - o)));
        dc[k] = T(d * f);
    }
}

// zx, zh (N, 3H): what x and h add to the gates r, z, n; a (N, 4H): these gates, and what h adds to n.
KERNEL gru(T* out, T* a, const T* zx, const T* zh, const T* bx, const T* bh, const T* h, size rows, size width) {
    EACH(i, rows * width) {
        I row = i / (I)width, j = i % (I)width, in = row * 3 * (I)width + j, at = row * 4 * (I)width + j;
        A x[3], y[3];
        for (int k = 0; k < 3; k++) {
            x[k] = (A)zx[in + k * (I)width] + (bx ? (A)bx[k * (I)width + j] : (A)0);
            y[k] = (A)zh[in + k * (I)width] + (bh ? (A)bh[k * (I)width + j] : (A)0);
        }
        A r = sigmoid(x[0] + y[0]), z = sigmoid(x[1] + y[1]), n = tanh(x[2] + r * y[2]);
        a[at] = T(r);
        a[at + (I)width] = T(z);
        a[at + 2 * (I)width] = T(n);
        a[at + 3 * (I)width] = T(y[2]);
        out[i] = T(n + z * ((A)h[i] - n));
    }
}

KERNEL gru_input(T* dx, T* dh, T* direct, const T* g, const T* a, const T* h, size rows, size width) {
    EACH(i, rows * width) {
        I row = i / (I)width, j = i % (I)width, to = row * 3 * (I)width + j, at = row * 4 * (I)width + j;
        A r = (A)a[at], z = (A)a[at + (I)width], n = (A)a[at + 2 * (I)width], hn = (A)a[at + 3 * (I)width], d = (A)g[i];
        A dn = d * (1 - z) * (1 - n * n), dr = dn * hn * (r * (1 - r)), dz = d * ((A)h[i] - n) * (z * (1 - z));
        dx[to] = dh[to] = T(dr);
        dx[to + (I)width] = dh[to + (I)width] = T(dz);
        dx[to + 2 * (I)width] = T(dn);
        dh[to + 2 * (I)width] = T(dn * r);
        direct[i] = T(d * z);
    }
}

// Steps of optimizers for many parameters in one launch. `table` has a row for each parameter: the addresses of its elements, its
// gradient's, and of up to three arrays of state; `ends` says where each would end if one followed the other. The formulas, and the
// order of their numbers, are those of `optim` and of the CPU's loops.
#define COLUMNS 5
struct Numbers { double of[12]; };

// One element of a parameter, of its gradient, and of its state.
struct Cells { T *w, *g, *first, *second, *third; };

__device__ inline Cells cells(const size* table, const size* ends, int tensors, size i) {
    int low = 0, high = tensors - 1;             // the parameter that element i belongs to lies between these
    while (low < high) {
        int middle = (low + high) / 2;
        if (i < ends[middle])
            high = middle;
        else
            low = middle + 1;
    }
    const size* row = table + low * COLUMNS;
    size at = low ? i - ends[low - 1] : i;
    return {(T*)row[0] + at, (T*)row[1] + at, (T*)row[2] + at, (T*)row[3] + at, (T*)row[4] + at};
}

#define EACH_CELL(i) EACH(i, ends[tensors - 1])
#define CELLS cells(table, ends, (int)tensors, i)

// The gradient with its sign and with weight decay.
__device__ inline A decayed(const T* g, A p, A sign, A decay) { return decay != 0 ? p * decay + sign * (A)*g : sign * (A)*g; }

#define STEP(name) KERNEL name(const size* table, const size* ends, size tensors, Numbers numbers)
#define C(k) ((A)numbers.of[k])

STEP(sgd) {
    A sign = C(0), decay = C(1), lr = C(2), momentum = C(3), more = C(4), nesterov = C(5);
    EACH_CELL(i) {
        auto [w, g, v, unused1, unused2] = CELLS;
        A p = (A)*w, d = decayed(g, p, sign, decay);
        if (momentum != 0) {
            A velocity = (A)*v * momentum + d * more;
            *v = T(velocity);
            d = nesterov != 0 ? velocity * momentum + d : velocity;
        }
        *w = T(p - d * lr);
    }
}

STEP(adam) {
    A sign = C(0), decay = C(1), shrink = C(2), step = C(3), more_m = C(4), keep_v = C(5), more_v = C(6), eps = C(7), amsgrad = C(8);
    EACH_CELL(i) {
        auto [w, g, m, v, top] = CELLS;
        A p = (A)*w * shrink, d = decayed(g, p, sign, decay);
        A mean = (A)*m + (d - (A)*m) * more_m, square = (A)*v * keep_v + d * d * more_v;
        *m = T(mean);
        *v = T(square);
        if (amsgrad != 0) {
            A before = (A)*top;
            square = square >= before || square != square ? square : before;
            *top = T(square);
        }
        *w = T(p - mean / (sqrt(square) + eps) * step);
    }
}

STEP(nadam) {
    A sign = C(0), decay = C(1), shrink = C(2), more_m = C(3), keep_v = C(4), more_v = C(5), eps = C(6), along_g = C(7), along_m = C(8);
    EACH_CELL(i) {
        auto [w, g, m, v, unused] = CELLS;
        A p = (A)*w * shrink, d = decayed(g, p, sign, decay);
        A mean = (A)*m + (d - (A)*m) * more_m, square = (A)*v * keep_v + d * d * more_v;
        *m = T(mean);
        *v = T(square);
        *w = T(p - (d * along_g + mean * along_m) / (sqrt(square) + eps));
    }
}

STEP(radam) {
    A sign = C(0), decay = C(1), shrink = C(2), more_m = C(3), keep_v = C(4), more_v = C(5), eps = C(6), step = C(7), adaptive = C(8);
    EACH_CELL(i) {
        auto [w, g, m, v, unused] = CELLS;
        A p = (A)*w * shrink, d = decayed(g, p, sign, decay);
        A mean = (A)*m + (d - (A)*m) * more_m, square = (A)*v * keep_v + d * d * more_v;
        *m = T(mean);
        *v = T(square);
        *w = T(p - (adaptive != 0 ? mean / (sqrt(square) + eps) : mean) * step);
    }
}

STEP(adamax) {
    A sign = C(0), decay = C(1), step = C(2), more_m = C(3), keep_u = C(4), eps = C(5);
    EACH_CELL(i) {
        auto [w, g, m, u, unused] = CELLS;
        A p = (A)*w, d = decayed(g, p, sign, decay);
        A mean = (A)*m + (d - (A)*m) * more_m, faded = (A)*u * keep_u, magnitude = (d < 0 ? -d : d) + eps;
        A norm = faded >= magnitude || faded != faded ? faded : magnitude;
        *m = T(mean);
        *u = T(norm);
        *w = T(p - mean / norm * step);
    }
}

STEP(adagrad) {
    A sign = C(0), decay = C(1), lr = C(2), eps = C(3);
    EACH_CELL(i) {
        auto [w, g, v, unused1, unused2] = CELLS;
        A p = (A)*w, d = decayed(g, p, sign, decay), square = (A)*v + d * d;
        *v = T(square);
        *w = T(p - d / (sqrt(square) + eps) * lr);
    }
}

STEP(adadelta) {
    A sign = C(0), decay = C(1), lr = C(2), eps = C(3), keep = C(4), more = C(5);
    EACH_CELL(i) {
        auto [w, g, v, u, unused] = CELLS;
        A p = (A)*w, d = decayed(g, p, sign, decay), square = (A)*v * keep + d * d * more;
        d = d / sqrt(square + eps) * sqrt((A)*u + eps);
        *v = T(square);
        *u = T((A)*u * keep + d * d * more);
        *w = T(p - d * lr);
    }
}

STEP(rmsprop) {
    A sign = C(0), decay = C(1), lr = C(2), eps = C(3), keep = C(4), more = C(5), momentum = C(6), centered = C(7);
    EACH_CELL(i) {
        auto [w, g, v, velocity, mean] = CELLS;
        A p = (A)*w, d = decayed(g, p, sign, decay), square = (A)*v * keep + d * d * more, spread = square;
        *v = T(square);
        if (centered != 0) {
            A m = (A)*mean + (d - (A)*mean) * more;
            *mean = T(m);
            spread = square - m * m;
        }
        d /= sqrt(spread) + eps;
        if (momentum != 0) {
            d += (A)*velocity * momentum;
            *velocity = T(d);
        }
        *w = T(p - d * lr);
    }
}

STEP(asgd) {
    A sign = C(0), decay = C(1), shrink = C(2), eta = C(3), mu = C(4);
    EACH_CELL(i) {
        auto [w, g, mean, unused1, unused2] = CELLS;
        A d = decayed(g, (A)*w, sign, decay), p = (A)*w * shrink - d * eta;
        *w = T(p);
        *mean = T(mu == 1 ? p : (A)*mean + (p - (A)*mean) * mu);
    }
}

STEP(rprop) {
    A sign = C(0), shrink = C(1), grow = C(2), low = C(3), high = C(4);
    EACH_CELL(i) {
        auto [w, g, before, size_, unused] = CELLS;
        A d = sign * (A)*g, agreement = d * (A)*before;
        A s = agreement < 0 ? (A)*size_ * shrink : agreement > 0 ? (A)*size_ * grow : (A)*size_;
        s = s < low ? low : s > high ? high : s;
        d = agreement < 0 ? d * 0 : d;
        *before = T(d);
        *size_ = T(s);
        *w = T((A)*w - (d > 0 ? s : d < 0 ? -s : d * 0));
    }
}

// out[rows[i]] += values[i], or *=: gradients of embeddings and of indexing. `order` sorts the rows, so that each run of equal ones
// is taken by one thread per column, from the first to the last: the results are the same in every run.
KERNEL combine_rows(T* out, const size* rows, const size* order, const T* values, size count, size width, size product) {
    EACH(i, count * width) {
        I place = i / (I)width, column = i % (I)width;
        size row = rows[order[place]];
        if (place > 0 && rows[order[place - 1]] == row)
            continue;                                            // the run began before
        A result = (A)out[(I)row * (I)width + column];
        for (I k = place; k < (I)count && rows[order[k]] == row; k++) {
            A value = (A)values[(I)order[k] * (I)width + column];
            result = product ? result * value : result + value;
        }
        out[(I)row * (I)width + column] = T(result);
    }
}

// out[rows[i]] += values[i]: gradients of embeddings and of indexing. `order` sorts the rows, so that each run of equal ones is
// added by one thread per column, from the first to the last: the sums are the same in every run.
KERNEL add_rows(T* out, const size* rows, const size* order, const T* values, size count, size width) {
    EACH(i, count * width) {
        I place = i / (I)width, column = i % (I)width;
        size row = rows[order[place]];
        if (place > 0 && rows[order[place - 1]] == row)
            continue;                                            // the run began before
        A sum = (A)out[(I)row * (I)width + column];
        for (I k = place; k < (I)count && rows[order[k]] == row; k++)
            sum += (A)values[(I)order[k] * (I)width + column];
        out[(I)row * (I)width + column] = T(sum);
    }
}

// Sums and maxima over the threads of a block, the same in every run: first within each warp of 32, then over the warps.
__device__ inline A over_warp(A value, bool sum) {
    for (int lane = 16; lane; lane /= 2) {
        A other = __shfl_xor_sync(0xffffffffu, value, lane);
        value = sum ? value + other : (other > value || other != other ? other : value);
    }
    return value;
}

// The result for all threads; the number of threads is a multiple of 32.
__device__ inline A over_block(A value, bool sum) {
    __shared__ A warps[33];
    value = over_warp(value, sum);
    if (threadIdx.x % 32 == 0)
        warps[threadIdx.x / 32] = value;
    __syncthreads();
    if (threadIdx.x < 32) {
        int count = blockDim.x / 32;
        value = over_warp(threadIdx.x < count ? warps[threadIdx.x] : (sum ? (A)0 : warps[0]), sum);
        if (threadIdx.x == 0)
            warps[32] = value;
    }
    __syncthreads();
    value = warps[32];
    __syncthreads();                         // the next call writes here again
    return value;
}

__device__ inline A block_sum(A value) { return over_block(value, true); }
__device__ inline A block_max(A value) { return over_block(value, false); }    // nan wins

// Enough of CUDA to run kernels on a CPU, one block after the other. The threads of a block are fibers: each runs until it
// waits for the others, for its warp (shuffles) or for its block (__syncthreads); then the next one runs.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ucontext.h>
#include <utility>

#define ON_HOST
#define __global__
#define __device__
#define __shared__ static
using std::erfc; using std::exp; using std::expm1; using std::log; using std::log1p; using std::sqrt; using std::tanh;
typedef _Float16 half;

struct Index { unsigned int x; };
static Index blockIdx, threadIdx, blockDim, gridDim;

enum State { READY, AT_WARP, AT_BLOCK, DONE };

struct Fiber {
    ucontext_t context;
    void* stack;
    State state;
};

const int MOST = 1024, STACK = 128 * 1024;
static Fiber fibers[MOST];
static ucontext_t scheduler;
static void (*body)(void*);                  // the kernel, and what it is called with
static void* bound;

static void enter() {
    body(bound);
    fibers[threadIdx.x].state = DONE;
    swapcontext(&fibers[threadIdx.x].context, &scheduler);
}

static void wait_for(State state) {
    unsigned int me = threadIdx.x;
    fibers[me].state = state;
    swapcontext(&fibers[me].context, &scheduler);
    threadIdx.x = me;
}

static void __syncthreads() { wait_for(AT_BLOCK); }

template <class N> static N __shfl_xor_sync(unsigned int, N value, int lane) {
    static N lanes[MOST];
    unsigned int me = threadIdx.x;
    lanes[me] = value;
    wait_for(AT_WARP);
    N found = lanes[me ^ lane];
    wait_for(AT_WARP);
    return found;
}

static void diverged(const char* where) {
    std::fprintf(stderr, "some threads wait at a %s barrier that others never reach\n", where);
    std::abort();
}

// Let the threads of one warp run until all wait for the block, or have ended.
static void run_warp(unsigned int first, unsigned int last) {
    for (;;) {
        for (unsigned int t = first; t < last; t++)
            if (fibers[t].state == READY || fibers[t].state == AT_WARP) {
                threadIdx.x = t;
                swapcontext(&scheduler, &fibers[t].context);
            }
        unsigned int waiting = 0;
        for (unsigned int t = first; t < last; t++)
            waiting += fibers[t].state == AT_WARP;
        if (!waiting)
            return;
        if (waiting != last - first)
            diverged("warp's");
    }
}

static void run_block(unsigned int threads) {
    for (unsigned int t = 0; t < threads; t++) {
        if (!fibers[t].stack)
            fibers[t].stack = std::malloc(STACK);
        getcontext(&fibers[t].context);
        fibers[t].context.uc_stack.ss_sp = fibers[t].stack;
        fibers[t].context.uc_stack.ss_size = STACK;
        fibers[t].context.uc_link = &scheduler;
        makecontext(&fibers[t].context, enter, 0);
        fibers[t].state = READY;
    }
    for (;;) {
        for (unsigned int first = 0; first < threads; first += 32)
            run_warp(first, first + 32 < threads ? first + 32 : threads);
        unsigned int waiting = 0;
        for (unsigned int t = 0; t < threads; t++)
            waiting += fibers[t].state == AT_BLOCK;
        if (!waiting)
            return;
        if (waiting != threads)
            diverged("block's");
        for (unsigned int t = 0; t < threads; t++)
            fibers[t].state = READY;
    }
}

static void run_grid(int blocks, int threads, bool barriers) {
    gridDim.x = blocks;
    blockDim.x = threads;
    for (blockIdx.x = 0; blockIdx.x < gridDim.x; blockIdx.x++)
        if (barriers)
            run_block(threads);
        else
            for (threadIdx.x = 0; threadIdx.x < blockDim.x; threadIdx.x++)
                body(bound);
}

template <class... P, size_t... K> static void call(void (*kernel)(P...), void** arguments, std::index_sequence<K...>) {
    kernel(*(P*)arguments[K]...);
}

template <class... P> static void start(void (*kernel)(P...), int blocks, int threads, bool barriers, void** arguments) {
    struct Bound {
        void (*kernel)(P...);
        void** arguments;
    } both = {kernel, arguments};
    bound = &both;
    body = [](void* to) { call(((Bound*)to)->kernel, ((Bound*)to)->arguments, std::index_sequence_for<P...>{}); };
    run_grid(blocks, threads, barriers);
}

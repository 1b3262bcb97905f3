// What every file of device code begins with. Behind it stand three types:
//   T  what arrays hold: float, double, half; integers where a kernel only compares
//   A  what is computed in: double for double, else float
//   I  what counts elements: int, or long long for arrays of 2**30 elements and more
// Sizes come as long long and numbers as double, whatever T is.
typedef long long size;

#ifndef ON_HOST
// float16 as its bits, converted by the hardware: no header of the CUDA toolkit is needed.
struct half {
    unsigned short bits;
    __device__ half() {}
    __device__ half(float value) { asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value)); }
    __device__ operator float() const { float value; asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits)); return value; }
};
#endif

#define KERNEL extern "C" __global__ void

// Each thread takes every (number of threads)-th of n elements.
#define EACH(i, n) for (I i = (I)blockIdx.x * blockDim.x + threadIdx.x; i < (I)(n); i += (I)gridDim.x * blockDim.x)

template <class N> __device__ inline N least(N a, N b) { return a < b ? a : b; }
template <class N> __device__ inline N largest(N a, N b) { return a < b ? b : a; }

// a / b rounded down and up, for b > 0.
__device__ inline int down(int a, int b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }
__device__ inline int up(int a, int b) { return -down(-a, b); }

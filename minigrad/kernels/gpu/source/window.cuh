// Windows that move over planes: those of convolutions and of pooling. Output (oy, ox) sees the input's places
// (oy * stride_y - top + ky * dilation_y, ox * stride_x - left + kx * dilation_x).
struct Window {
    int height, width;                       // of the input
    int kernel_y, kernel_x;
    int out_y, out_x;
    int stride_y, stride_x;
    int top, left, bottom, right;            // padding; what is cut off where negative
    int dilation_y, dilation_x;

    __device__ int row(int oy, int ky) const { return oy * stride_y - top + ky * dilation_y; }
    __device__ int column(int ox, int kx) const { return ox * stride_x - left + kx * dilation_x; }
    __device__ bool inside(int y, int x) const { return y >= 0 && y < height && x >= 0 && x < width; }
    __device__ int area() const { return height * width; }
    __device__ int taps() const { return kernel_y * kernel_x; }
    __device__ int outs() const { return out_y * out_x; }

    // The output row whose tap ky sees row y, or -1; and the same for columns.
    __device__ int out_row(int y, int ky) const { return seen_from(y + top - ky * dilation_y, stride_y, out_y); }
    __device__ int out_column(int x, int kx) const { return seen_from(x + left - kx * dilation_x, stride_x, out_x); }
    __device__ static int seen_from(int offset, int stride, int count) {
        return offset >= 0 && offset % stride == 0 && offset / stride < count ? offset / stride : -1;
    }
};

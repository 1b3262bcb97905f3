"""PyTorch's zip checkpoints, read and written without PyTorch and without running anything that stands in them."""

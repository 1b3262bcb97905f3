"""Array kernels: arrays in, arrays out; nothing here knows of tensors."""

"""PyTorch's own operator database run against minigrad. Needs an installed PyTorch and expecttest: pip install 'minigrad[parity]'."""

"""The engine: nodes, recording, the backward pass, in-place writes. Knows no op and no kernel."""

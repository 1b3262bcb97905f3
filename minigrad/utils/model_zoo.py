"""`torch.utils.model_zoo`, the older name of `hub` for weights."""
from __future__ import annotations

from ..hub import load_state_dict_from_url as load_state_dict_from_url

load_url = load_state_dict_from_url

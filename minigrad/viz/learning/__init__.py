"""Pictures of learning, with Matplotlib. Every function returns a Figure: `.savefig("name.png")`, or shown by a notebook."""
from __future__ import annotations

from .activations import activation_histograms as activation_histograms
from .activations import gradient_flow as gradient_flow
from .confusions import confusion_matrix as confusion_matrix
from .curves import learning_curve as learning_curve
from .images import feature_maps as feature_maps
from .images import filters as filters
from .images import mistakes as mistakes
from .paths import optimizer_paths as optimizer_paths
from .trials import search_results as search_results
from .trials import trial_curves as trial_curves

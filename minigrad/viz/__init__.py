"""Pictures: of computation graphs, and of learning."""
from .failure import explain as explain
from .gradients import record_gradients as record_gradients
from .layers import Summary as Summary
from .layers import summary as summary
from .learning import activation_histograms as activation_histograms
from .learning import confusion_matrix as confusion_matrix
from .learning import feature_maps as feature_maps
from .learning import filters as filters
from .learning import gradient_flow as gradient_flow
from .learning import learning_curve as learning_curve
from .learning import mistakes as mistakes
from .learning import optimizer_paths as optimizer_paths
from .learning import search_results as search_results
from .learning import trial_curves as trial_curves
from .picture import GraphPicture as GraphPicture
from .picture import draw_graph as draw_graph

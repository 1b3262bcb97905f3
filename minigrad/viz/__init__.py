"""Pictures: of computation graphs, and of learning."""
from .failure import explain as explain
from .figures import filters as filters
from .figures import learning_curve as learning_curve
from .figures import mistakes as mistakes
from .gradients import record_gradients as record_gradients
from .layers import Summary as Summary
from .layers import summary as summary
from .picture import GraphPicture as GraphPicture
from .picture import draw_graph as draw_graph

"""Pictures: of computation graphs, and of learning."""
from .figures import filters as filters
from .figures import learning_curve as learning_curve
from .figures import mistakes as mistakes
from .picture import GraphPicture as GraphPicture
from .picture import draw_graph as draw_graph

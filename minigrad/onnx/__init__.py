"""Models as files in the Open Neural Network Exchange format."""
from __future__ import annotations

from .exporter import ONNXProgram as ONNXProgram
from .exporter import TrainingMode as TrainingMode
from .exporter import export as export
from .exporter import is_in_onnx_export as is_in_onnx_export

"""Layers, losses and what holds them."""
from __future__ import annotations

from .container import ModuleDict as ModuleDict
from .container import ModuleList as ModuleList
from .container import Sequential as Sequential
from .module import Module as Module
from .parameter import Buffer as Buffer
from .parameter import Parameter as Parameter
from .parameter_container import ParameterDict as ParameterDict
from .parameter_container import ParameterList as ParameterList

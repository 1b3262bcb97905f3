"""`torch.profiler`: where the time of a program goes, by op, by module and on a time line."""
from __future__ import annotations

from .averages import Averages as Averages
from .averages import ModuleAverages as ModuleAverages
from .recorder import Event as Event
from .schedule import ProfilerAction as ProfilerAction
from .schedule import schedule as schedule
from .session import ProfilerActivity as ProfilerActivity
from .session import profile as profile
from .session import record_function as record_function
from .session import supported_activities as supported_activities
from .session import tensorboard_trace_handler as tensorboard_trace_handler

"""Optimizer, the base of all: parameter groups, state, hooks, and a step that visits every parameter."""
from __future__ import annotations

import functools
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

from .. import config
from ..engine import hooks as engine_hooks
from ..engine.hooks import RemovableHandle
from ..engine.inplace import wrote
from ..engine.mode import enable_grad
from ..engine.node import TensorBase
from ..errors import ArgumentError, ArgumentTypeError, StateDictError, UnsupportedError, describe
from ..mistakes import StepWatch
from . import group as groups
from . import state as states

Group = dict[str, Any]
Hook = Callable[..., Any]

GLOBAL_PRE_HOOKS: OrderedDict[int, Hook] = OrderedDict()
GLOBAL_POST_HOOKS: OrderedDict[int, Hook] = OrderedDict()


def register_optimizer_step_pre_hook(hook: Hook) -> RemovableHandle:
    """Call hook(optimizer, args, kwargs) before each step of every optimizer."""
    return engine_hooks.register(GLOBAL_PRE_HOOKS, hook)


def register_optimizer_step_post_hook(hook: Hook) -> RemovableHandle:
    """Call hook(optimizer, args, kwargs) after each step of every optimizer."""
    return engine_hooks.register(GLOBAL_POST_HOOKS, hook)


def with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """A class's `step` with the hooks around it."""
    @functools.wraps(step)
    def run(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if getattr(type(self).step, "__wrapped__", None) is not step:
            return step(self, *args, **kwargs)       # reached through super(): the step above has the hooks
        if GLOBAL_PRE_HOOKS or self._optimizer_step_pre_hooks:
            for hook in [*GLOBAL_PRE_HOOKS.values(), *self._optimizer_step_pre_hooks.values()]:
                changed = hook(self, args, kwargs)
                if changed is not None:
                    if not (isinstance(changed, tuple) and len(changed) == 2):
                        raise StateDictError(f"{step.__qualname__}: a step pre-hook must return None or a tuple of (new_args, new_kwargs), "
                                             f"but got {changed}.")
                    args, kwargs = changed
        result = step(self, *args, **kwargs)
        self._opt_called = True                      # learning-rate schedulers ask whether a step came first
        if GLOBAL_POST_HOOKS or self._optimizer_step_post_hooks:
            for hook in [*self._optimizer_step_post_hooks.values(), *GLOBAL_POST_HOOKS.values()]:
                hook(self, args, kwargs)
        return result
    return run


class Optimizer:
    """Base of all optimizers.

    A subclass gives its defaults, and says in `update` what happens to one parameter; or it overrides `step`.
    params: parameters, pairs of name and parameter, or dictionaries {"params": ..., option: ...}, one per group.
    defaults: options of groups that do not say otherwise.

    >>> import minigrad
    >>> p = minigrad.nn.Parameter(minigrad.ones(1))
    >>> class Descent(Optimizer):
    ...     def update(self, group, p, gradient):
    ...         p.array[...] -= group["lr"] * gradient
    >>> optimizer = Descent([p], {"lr": 0.5})
    >>> (p * 4).sum().backward()
    >>> optimizer.step()
    >>> p.data
    tensor([-1.])
    """
    _opt_called = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = with_hooks(cls.step)          # type: ignore[method-assign]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Hooks are there from the beginning: an optimizer that wraps another one may never call `__init__`."""
        self = super().__new__(cls)
        self._restart()
        return self

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        if isinstance(params, TensorBase):
            raise ArgumentTypeError("params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                                    f"{describe(params)}; write [p]")
        if callable(getattr(params, "parameters", None)):
            raise ArgumentTypeError(f"'{type(params).__name__}' object is not iterable: an optimizer takes parameters; "
                                    "write model.parameters()")
        groups.check_ways(type(self).__name__, defaults)
        self.defaults = defaults
        self.state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[Group] = []
        given = list(params)
        if not given:
            raise ArgumentError("optimizer got an empty parameter list")
        for group in given if isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)

    def _restart(self) -> None:
        """What is not part of a pickle: hooks, and what was noticed so far."""
        self._step_watch = StepWatch()
        self._optimizer_step_pre_hooks: OrderedDict[int, Hook] = OrderedDict()
        self._optimizer_step_post_hooks: OrderedDict[int, Hook] = OrderedDict()
        self._optimizer_state_dict_pre_hooks: OrderedDict[int, Hook] = OrderedDict()
        self._optimizer_state_dict_post_hooks: OrderedDict[int, Hook] = OrderedDict()
        self._optimizer_load_state_dict_pre_hooks: OrderedDict[int, Hook] = OrderedDict()
        self._optimizer_load_state_dict_post_hooks: OrderedDict[int, Hook] = OrderedDict()

    def add_param_group(self, param_group: Group) -> None:
        """Let one more group of parameters be optimized, with options of its own."""
        self.param_groups.append(groups.checked(param_group, self.defaults, self.param_groups))

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zeros in place."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p._grad = None
                elif p._grad is not None:
                    if p._grad.node is not None:
                        p._grad = p._grad.detach()
                    p._grad.array[...] = 0
                    wrote(p._grad.cell)

    # ------------------------------------------------------------ a step
    @with_hooks
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient. closure: computes the loss again, which is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        updated: list[Any] = []
        for group in self.param_groups:
            params = [p for p in group["params"] if p._grad is not None]
            self.update_all(group, params)
            updated += params
        wrote(*[p.cell for p in updated])            # a graph that kept one of them must not be used any more
        if config.GUARD:
            self._step_watch.stepped(self, updated)
        return loss

    def update_all(self, group: Group, params: list[Any]) -> None:
        """Update parameters of one group, all of which have a gradient."""
        maximize = group.get("maximize", False)
        for p in params:
            self.update(group, p, -p._grad.array if maximize else p._grad.array)

    def update(self, group: Group, p: Any, gradient: Any) -> None:
        """Write into `p.array`, given the gradient as an array (its sign changed if the group maximizes)."""
        raise UnsupportedError(f"{type(self).__name__}: an optimizer must implement update(group, p, gradient), or step()")

    # ------------------------------------------------------------ saving and loading
    def state_dict(self) -> dict[str, Any]:
        """The state of each parameter by its number, and the groups with numbers in place of parameters."""
        for hook in list(self._optimizer_state_dict_pre_hooks.values()):
            hook(self)
        found = states.state_dict(self)
        for hook in list(self._optimizer_state_dict_post_hooks.values()):
            changed = hook(self, found)
            found = found if changed is None else changed
        return found

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state; parameters are matched by their order. Raises ValueError where groups do not fit."""
        for hook in list(self._optimizer_load_state_dict_pre_hooks.values()):
            changed = hook(self, state_dict)
            state_dict = state_dict if changed is None else changed
        states.load_state_dict(self, state_dict)
        for hook in list(self._optimizer_load_state_dict_post_hooks.values()):
            hook(self)

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        self.__dict__.update(attributes)

    # ------------------------------------------------------------ hooks
    def register_step_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call hook(optimizer, args, kwargs) before each step; it may return new (args, kwargs)."""
        return engine_hooks.register(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call hook(optimizer, args, kwargs) after each step."""
        return engine_hooks.register(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer) before the state is saved."""
        return self._register(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer, state_dict) after the state is saved; it may return another."""
        return self._register(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer, state_dict) before a state is loaded; it may return another."""
        return self._register(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer) after a state is loaded."""
        return self._register(self._optimizer_load_state_dict_post_hooks, hook, prepend)

    @staticmethod
    def _register(hooks: OrderedDict[int, Hook], hook: Hook, prepend: bool) -> RemovableHandle:
        handle = engine_hooks.register(hooks, hook)
        if prepend:
            hooks.move_to_end(handle.id, last=False)
        return handle

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines += [f"Parameter Group {i}", *[f"    {key}: {group[key]}" for key in sorted(group) if key != "params"], ""]
        return "\n".join(lines).rstrip("\n") + "\n)"

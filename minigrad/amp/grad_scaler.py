"""GradScaler: a loss times a large number, so that float16 gradients do not vanish."""
from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any, TypeVar

from .._device import device as Device
from ..accelerator import is_available
from ..backend import backend_of
from ..engine.inplace import wrote
from ..engine.node import TensorBase, wrap
from ..errors import ArgumentError, ArgumentTypeError, AssertedArgumentError, GraphError, StateDictError, describe

T = TypeVar("T")

READY, UNSCALED, STEPPED = range(3)                  # what has happened to an optimizer since the last update


class GradScaler:
    """Scales a loss so that float16 gradients do not vanish, and steps only where they are finite.

    Gradients below 6e-8 are 0 in float16. All of them are proportional to the loss: so the loss is multiplied by the scale before
    `backward()`, and the gradients are divided by it before the step. Where one overflowed the step is left out, and the scale
    gets smaller (`backoff_factor`); after `growth_interval` steps without overflow it grows (`growth_factor`).

        for x, t in data:
            optimizer.zero_grad()
            with minigrad.autocast("cpu", dtype=minigrad.float16):
                loss = F.cross_entropy(model(x), t)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)               # only to clip, or look at, the gradients
            scaler.step(optimizer)
            scaler.update()

    Source: Micikevicius et al. 2018, Mixed Precision Training.
    """

    def __init__(self, device: str = "cuda", init_scale: float = 2.0 ** 16, growth_factor: float = 2.0, backoff_factor: float = 0.5,
                 growth_interval: int = 2000, enabled: bool = True) -> None:
        self._device = Device(device).type
        if enabled and self._device == "cuda" and not is_available():
            warnings.warn("GradScaler: CUDA is not available; switched off", stacklevel=2)
            enabled = False
        self._enabled = enabled
        if enabled:
            if growth_factor <= 1:
                raise AssertedArgumentError(f"GradScaler: The growth factor must be > 1.0; got {growth_factor}")
            if backoff_factor >= 1:
                raise AssertedArgumentError(f"GradScaler: The backoff factor must be < 1.0; got {backoff_factor}")
        self._scale, self._used = float(init_scale), False
        self._growth_factor, self._backoff_factor, self._growth_interval = growth_factor, backoff_factor, growth_interval
        self._growth_tracker = 0                     # steps without overflow since the scale last changed
        self._optimizers: dict[int, tuple[int, bool | None]] = {}    # id -> (what has happened, whether a gradient overflowed)

    # ------------------------------------------------------------ one step
    def scale(self, outputs: T) -> T:
        """A loss, or a list or tuple of them, times the scale."""
        if not self._enabled:
            return outputs
        self._used = True
        if isinstance(outputs, TensorBase):
            factor = wrap(backend_of(outputs.array).asarray(self._scale, "f4"))      # 0-d: a float16 loss becomes float32
            return outputs * factor
        if isinstance(outputs, (list, tuple)):
            return type(outputs)([self.scale(o) for o in outputs])
        if isinstance(outputs, Iterable) and not isinstance(outputs, str):
            return map(self.scale, outputs)          # type: ignore[return-value]
        raise ArgumentError(f"GradScaler: outputs must be a Tensor or an iterable of Tensors; got {describe(outputs)}")

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of an optimizer's parameters by the scale, in place, and look for inf and nan.

        `step` does so itself, unless this was called before, to clip gradients for example. Raises GraphError a second time, or
        after the step; ArgumentError for float16 gradients: parameters are to be float32.
        """
        if not self._enabled:
            return
        self._need_scale("unscale_")
        stage, _ = self._optimizers.get(id(optimizer), (READY, None))
        if stage is UNSCALED:
            raise GraphError("GradScaler: unscale_() has already been called on this optimizer since the last update().")
        if stage is STEPPED:
            raise GraphError("GradScaler: unscale_() is being called after step().")
        self._optimizers[id(optimizer)] = UNSCALED, self._divide(optimizer)

    def _divide(self, optimizer: Any) -> bool | None:
        """Gradients over the scale; whether one of them is inf or nan, None where there are none."""
        overflow: bool | None = None
        for group in optimizer.param_groups:
            for p in group["params"]:
                g = p.grad
                if g is None:
                    continue
                array = g.array
                if array.dtype == "f2":
                    raise ArgumentError("GradScaler: Attempting to unscale FP16 gradients; keep float32 parameters, under autocast or as a "
                                        "copy of the float16 ones, and step those")
                xp = backend_of(array).xp
                array *= array.dtype.type(1 / self._scale)
                wrote(g.cell)
                overflow = bool(overflow) or not bool(xp.isfinite(array).all())
        return overflow

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`optimizer.step(...)` on unscaled gradients, and its result; nothing, and None, where one of them is inf or nan."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise GraphError("GradScaler: Closure use is not currently supported if GradScaler is enabled.")
        self._need_scale("step")
        stage, overflow = self._optimizers.get(id(optimizer), (READY, None))
        if stage is STEPPED:
            raise GraphError("GradScaler: step() has already been called since the last update().")
        if stage is READY:
            self.unscale_(optimizer)
            _, overflow = self._optimizers[id(optimizer)]
        if overflow is None:
            raise AssertedArgumentError("GradScaler: No inf checks were recorded for this optimizer: none of its parameters has a gradient")
        result = None if overflow else optimizer.step(*args, **kwargs)
        self._optimizers[id(optimizer)] = STEPPED, overflow
        return result

    def update(self, new_scale: float | Any = None) -> None:
        """Adjust the scale, once all optimizers have stepped: smaller after an overflow, larger after long without; or `new_scale`."""
        if not self._enabled:
            return
        self._need_scale("update")
        if new_scale is not None:
            if not isinstance(new_scale, (int, float, TensorBase)):
                raise ArgumentTypeError(f"GradScaler: new_scale must be a number or a Tensor of one; got {describe(new_scale)}")
            self._scale = float(new_scale)           # type: ignore[arg-type]
        else:
            found = [overflow for _, overflow in self._optimizers.values() if overflow is not None]
            if not found:
                raise AssertedArgumentError("GradScaler: No inf checks were recorded prior to update; step(optimizer) first")
            self._adjust(any(found))
        self._optimizers.clear()

    def _adjust(self, overflow: bool) -> None:
        if overflow:
            self._scale *= self._backoff_factor
            self._growth_tracker = 0
            return
        self._growth_tracker += 1
        if self._growth_tracker == self._growth_interval:
            self._growth_tracker = 0
            if self._scale * self._growth_factor <= LARGEST:
                self._scale *= self._growth_factor

    def _need_scale(self, name: str) -> None:
        if not self._used:
            raise AssertedArgumentError(f"GradScaler: Attempted {name} but _scale is None.  This may indicate your script did not use "
                                        "scaler.scale(loss or outputs) earlier in the iteration.")

    # ------------------------------------------------------------ settings
    def get_scale(self) -> float:
        """The scale; 1 where switched off."""
        return self._scale if self._enabled else 1.0

    def get_growth_factor(self) -> float:
        """What the scale is multiplied by after `growth_interval` steps without overflow."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Set the growth factor."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """What the scale is multiplied by after an overflow."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Set the backoff factor."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """After how many steps without overflow the scale grows."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Set the growth interval."""
        self._growth_interval = new_interval

    def is_enabled(self) -> bool:
        """False where it hands everything through."""
        return self._enabled

    def state_dict(self) -> dict[str, Any]:
        """The scale and how it changes; empty where switched off."""
        if not self._enabled:
            return {}
        return {"scale": self._scale, "growth_factor": self._growth_factor, "backoff_factor": self._backoff_factor,
                "growth_interval": self._growth_interval, "_growth_tracker": self._growth_tracker}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take on what `state_dict` gave. Raises StateDictError for that of a scaler that was switched off."""
        if not self._enabled:
            return
        if not state_dict:
            raise StateDictError("GradScaler: The source state dict is empty, possibly because it was saved from a disabled instance of "
                                 "GradScaler.")
        self._scale = float(state_dict["scale"])
        self._growth_factor, self._backoff_factor = state_dict["growth_factor"], state_dict["backoff_factor"]
        self._growth_interval, self._growth_tracker = state_dict["growth_interval"], state_dict["_growth_tracker"]


LARGEST = (2 - 2.0 ** -23) * 2.0 ** 127              # of float32, which the scale is a number of

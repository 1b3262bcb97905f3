"""Write down what torchvision's networks are, for tests that run without it: tests/vision/torchvision_networks.json.

    python tools/make_network_facts.py                     # where PyTorch and torchvision are installed
    python tools/make_network_facts.py fcn_resnet50        # only these anew

For each network: the number of parameters, SHA-256 (its head) of names, shapes and dtypes of the state_dict and of the repr; for those that
are small enough also some outputs, with weights that follow from their names (`filled_by_name`), and some of its first weights after
manual_seed(3).
"""
from __future__ import annotations

import hashlib
import inspect
import json
import sys
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).resolve().parents[1] / "tests" / "vision" / "torchvision_networks.json"
SIZES = {"inception_v3": 96, "googlenet": 64, "alexnet": 64}             # of the images that outputs are made of
VIEWED = ("densenet121", "efficientnet_b0", "efficientnet_v2_s", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small", "resnet18",
          "shufflenet_v2_x0_5", "squeezenet1_0", "squeezenet1_1", "vit_b_16", "convnext_tiny", "inception_v3", "fcn_resnet50",
          "deeplabv3_resnet50", "deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large")


def head(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def options_of(name: str, build: Any) -> dict[str, Any]:
    """What keeps a network from fetching weights, and from drawing them slowly."""
    options: dict[str, Any] = {"weights_backbone": None} if "weights_backbone" in inspect.signature(build).parameters else {}
    if name in ("googlenet", "inception_v3"):
        options["init_weights"] = False
    return options


def small_options(name: str) -> dict[str, Any]:
    """Networks of few classes, on small images."""
    return {"num_classes": 5, **({"image_size": 32} if name.startswith("vit") else {})}


def filled_by_name(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Weights that anybody can draw again: small ones, with a seed made of their name; variances are positive."""
    draw = np.random.default_rng(zlib.crc32(name.encode()))
    if name.endswith("running_var"):
        return draw.uniform(0.5, 1.5, shape).astype(np.float32)
    if len(shape) < 2:
        return (draw.uniform(0.5, 1.5, shape) if name.endswith("weight") else draw.uniform(-0.1, 0.1, shape)).astype(np.float32)
    return (draw.standard_normal(shape) * (1.5 / np.prod(shape[1:])) ** 0.5).astype(np.float32)


def image_of(name: str) -> np.ndarray:
    size = SIZES.get(name, 32)
    return np.random.default_rng(0).standard_normal((2, 3, size, size), np.float32)


def samples(array: np.ndarray) -> list[float]:
    """Ten numbers spread over an array, to seven digits."""
    flat = array.reshape(-1)
    return [float(f"{v:.7g}") for v in flat[np.linspace(0, flat.size - 1, 10).astype(int)]]


def facts(name: str, build: Any) -> dict[str, Any]:
    import torch
    model = build(**options_of(name, build))
    listed = "\n".join(f"{key} {tuple(t.shape)} {str(t.dtype).removeprefix('torch.')}" for key, t in model.state_dict().items())
    found: dict[str, Any] = {"parameters": sum(p.numel() for p in model.parameters()), "state": head(listed), "repr": head(repr(model))}
    if name in VIEWED:
        torch.manual_seed(3)
        model = build(**options_of(name, build), **small_options(name))
        weights = [p for p in model.parameters() if p.ndim > 1]
        found["first"] = [samples(weights[i].detach().numpy())[3] for i in (0, len(weights) // 3, 2 * len(weights) // 3, -1)]
        for key, t in model.state_dict().items():
            if t.is_floating_point():
                t.copy_(torch.from_numpy(filled_by_name(key, tuple(t.shape))))
        with torch.no_grad():
            out = model.eval()(torch.from_numpy(image_of(name)))
        found["outputs"] = samples((out["out"] if isinstance(out, dict) else out).numpy())
    return found


def main() -> None:
    import torchvision

    from minigrad.vision import models as ours
    warnings.simplefilter("ignore")
    names = sys.argv[1:] or [name for name in ours.list_models() if name in torchvision.models.list_models()]
    table = json.loads(FILE.read_text()) if sys.argv[1:] else {}
    for name in names:
        table[name] = facts(name, torchvision.models.get_model_builder(name))
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(table[name])}" for name in sorted(table))
    FILE.write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()

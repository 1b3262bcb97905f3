"""Write tests/vision/transform_values.json: what torchvision makes of the cases in tests/vision/transform_cases.py.

    python tools/make_transform_values.py            # needs torchvision
"""
from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torchvision  # noqa: E402
from PIL import Image  # noqa: E402
from torchvision import transforms, tv_tensors  # noqa: E402
from torchvision.transforms import InterpolationMode, v2  # noqa: E402

from tests.vision import transform_cases as cases  # noqa: E402


def recorded(transform: Any, given: Any, seed: int) -> Any:
    torch.manual_seed(seed)
    out = transform(given)
    parts = {name: cases.summary(part) for name, part in out.items()} if isinstance(out, dict) else cases.summary(out)
    return {"out": parts, "next": torch.rand(1).item()}


def main() -> None:
    warnings.simplefilter("ignore")
    picture = cases.picture()
    floats = torch.from_numpy(picture.transpose(2, 0, 1) / np.float32(255))
    values: dict[str, Any] = {}
    for which, names, module in (("v1", cases.BOTH, transforms), ("v2", {**cases.BOTH, **cases.V2}, v2)):
        for name, make in names.items():
            for seed in (0, 1) if which == "v1" or name in cases.V2 else (1,):
                values[f"{which}, {name}, PIL, {seed}"] = recorded(make(module, InterpolationMode), Image.fromarray(picture), seed)
                if name not in cases.INTEGERS and (which == "v1" or name in cases.V2):
                    values[f"{which}, {name}, tensor, {seed}"] = recorded(make(module, InterpolationMode), floats, seed)
    for format in cases.BOXES:
        for name, make in cases.SAMPLES.items():
            if format[-1] != "R" or name in cases.TURNED:
                given = cases.sample(tv_tensors, torch.from_numpy, format)
                values[f"sample, {name}, {format}, 0"] = recorded(make(v2, InterpolationMode), given, 0)
    path = ROOT / "tests/vision/transform_values.json"
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}" for name, value in values.items())
    path.write_text(f"{{{json.dumps('torchvision')}: {json.dumps(torchvision.__version__)},\n{lines}}}\n")
    print(f"{path}: {len(values)} results of torchvision {torchvision.__version__}, {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()

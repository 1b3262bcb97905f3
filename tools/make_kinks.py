"""Write docs/kinks.md from the table in tests/ops/test_kinks.py.

    python tools/make_kinks.py
"""
from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.ops.test_kinks import DOCUMENT, KINKS, page

if __name__ == "__main__":
    DOCUMENT.write_text(page(), encoding="utf-8")
    print(f"{DOCUMENT.name}: {len(KINKS)} rows")

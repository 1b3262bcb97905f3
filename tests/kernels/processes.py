"""Python programs in processes of their own."""
from __future__ import annotations

import os
import subprocess
import sys


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code with these environment variables; it must succeed."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], env={**os.environ, **environment}, text=True,
                          capture_output=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done

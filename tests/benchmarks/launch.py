"""Runs a command, and writes what it took to a file. A small program of its own.

A process inherits the peak memory of the one that starts it, and that of the benchmarks is larger than a tap's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

_KIB = 1 if sys.platform == "darwin" else 1024


def main(result: str, *command: str) -> int:
    """Run the command, and give what it ended with."""
    began = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    cost = {
        "wall": time.perf_counter() - began,
        "cpu": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss / 2**20 * _KIB,
    }
    Path(result).write_text(json.dumps(cost), encoding="utf-8")
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

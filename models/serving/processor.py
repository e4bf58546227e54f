"""What this machine computes with: its processor, how many threads, whether a GPU is there."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from functools import cache
from pathlib import Path


def threads() -> int:
    """Give the number of threads for a forward: ``OMP_NUM_THREADS``, else the processors we may use."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _about() -> dict[str, str]:
    """The first processor's entries in ``/proc/cpuinfo``; none elsewhere."""
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return {}
    first = path.read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def flags() -> frozenset[str]:
    """Give the instruction sets that the processor announces; empty where that is not known."""
    about = _about()
    return frozenset((about.get("flags") or about.get("Features") or "").split())


def saturates() -> bool:
    """Say whether int8 products are summed in 16 bits: x86 without VNNI, where 127 × 255 × 2 does not fit."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    return not flags() & {"avx512_vnni", "avx_vnni", "amx_int8"}


def processor_name() -> str:
    """Give the processor's name, for people."""
    return _about().get("model name") or platform.processor() or platform.machine()


def describe() -> str:
    """Name the processor and what it can, the same on machines where the same is fast."""
    return " ".join([platform.machine(), processor_name(), *sorted(flags())])


@cache
def gpus() -> int:
    """Count the GPUs that NVIDIA's driver gives this process, without loading torch."""
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(name)
        count = ctypes.c_int()
        if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
            return 0
    except (OSError, AttributeError):
        return 0
    return count.value

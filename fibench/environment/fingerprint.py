"""Read the machine: processor, quota, kernel, interpreter, packages, git. Reading takes a few milliseconds."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import fibench
from fibench.environment.noise import noise
from fibench.model.fingerprint import Fingerprint
from fibench.traffic.tree import cores


def collect(packages: Iterable[str], folder: Path) -> Fingerprint:
    """The fingerprint of this machine and interpreter; `packages` are the distributions that the kinds depend on."""
    return Fingerprint(
        host=platform.node(),
        cpu=_cpu(),
        cores=cores(),
        quota=_quota(),
        memory=_memory(),
        virtual=_virtual(),
        kernel=f"{platform.system()} {platform.release()}",
        governor=_text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        python=platform.python_version(),
        build=f"{platform.python_implementation()} {platform.python_compiler()}{_flags()}",
        packages={name: _version(name) for name in sorted(set(packages))},
        git=_git(folder),
        noise=noise(),
        fibench=fibench.__version__,
    )


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _cpu() -> str:
    info = _text("/proc/cpuinfo")
    found = {key: re.search(rf"^{key}\s*:\s*(.+)$", info, re.M) for key in ("model name", "microcode")}
    name = found["model name"][1] if found["model name"] else platform.processor() or platform.machine()
    return f"{name} ({found['microcode'][1]})" if found["microcode"] else name


def _quota() -> float | None:
    """CPUs that the cgroup grants (v2, then v1), or None without a limit."""
    first, _, period = _text("/sys/fs/cgroup/cpu.max").partition(" ")
    if first.isdigit() and period.isdigit():
        return int(first) / int(period)
    quota, period = (_text(f"/sys/fs/cgroup/cpu/cpu.cfs_{name}_us") for name in ("quota", "period"))
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(quota) > 0 else None


def _memory() -> int:
    found = re.search(r"^MemTotal:\s*(\d+) kB", _text("/proc/meminfo"), re.M)
    return int(found[1]) * 1024 if found else 0


def _virtual() -> str:
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return "container"
    return "virtual machine" if re.search(r"^flags\s*:.*\bhypervisor\b", _text("/proc/cpuinfo"), re.M) else ""


def _flags() -> str:
    flags = [name for name in ("Py_DEBUG", "Py_GIL_DISABLED") if sysconfig.get_config_var(name)]
    flags += [f"-{'O' * sys.flags.optimize}"] if sys.flags.optimize else []
    return f" [{', '.join(flags)}]" if flags else ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _git(folder: Path) -> str:
    """The commit of the scenario's repository, with "+" when its work tree is dirty; "" outside of one."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""

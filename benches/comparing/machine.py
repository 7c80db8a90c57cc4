"""What was measured, and where: the commit, the machine, the versions of the programs."""

import os
import platform
import subprocess
from pathlib import Path

from .captures import ROOT

PEERS = ["tcpdump", "wireshark-common", "libndpi-bin", "nfdump", "zstd", "gzip"]
# What the program is made of; a change elsewhere does not change what is measured.
SOURCES = ["src", "data", "benches", "Cargo.toml", "Cargo.lock"]


def said(*command):
    """What a command prints, or nothing where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def commit():
    name = said("git", "log", "-1", "--format=%h of %cs") or "unknown"
    is_changed = said("git", "status", "--porcelain", "--", *SOURCES)
    return f"{name}, with changes that were not committed" if is_changed else name


def value_of(file, key):
    """The value of a key in a file of the kernel's."""
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "")


def facts():
    memory = value_of("/proc/meminfo", "MemTotal").split()
    return {
        "Commit": commit(),
        "Processor": value_of("/proc/cpuinfo", "model name") or platform.machine(),
        "Cores": str(len(os.sched_getaffinity(0))),
        "Load before": f"{os.getloadavg()[0]:.1f}",
        "Memory": f"{int(memory[0]) / (1 << 20):.1f} GiB" if memory else "unknown",
        "Kernel": f"{platform.system()} {platform.release()}",
        "Compiler": said("rustc", "--version"),
        "Peers": ", ".join(f"{peer} {version(peer)}" for peer in PEERS),
    }


def file_system(folder):
    """What a folder is on: ext2/ext3, tmpfs, …"""
    return said("stat", "--file-system", "--format=%T", folder) or "unknown"


def version(package):
    return said("dpkg-query", "--show", "--showformat=${Version}", package) or "of unknown version"

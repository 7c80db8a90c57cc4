"""Runs programs and measures the whole process: wall time, processor time and peak memory."""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path


# Bytes; a program's own pages may come from a disk, a capture may not.
COLD = 1 << 20
# getrusage(2) counts what came from a disk in blocks of so many bytes.
BLOCK = 512
# Rounds in which a file was not in memory, before that is the machine's answer.
COLD_ROUNDS_AT_MOST = 10


class Failed(Exception):
    """A program that could not be started, or did not end well."""


@dataclass
class Program:
    """A program with its arguments: words, and captures, which are made when they are needed."""

    name: str
    arguments: list
    # A folder that is emptied before each run.
    output: Path | None = None

    @property
    def packets(self):
        """How many packets it reads."""
        captures = [argument for argument in self.arguments if not isinstance(argument, str)]
        return sum(capture.packets for capture in captures)

    def words(self):
        words = []
        for argument in self.arguments:
            words += [argument] if isinstance(argument, str) else argument.paths()
        return words


@dataclass(frozen=True)
class Run:
    """What one run cost: seconds, seconds and bytes; and the bytes that had to come from a disk."""

    wall: float
    cpu: float
    peak: int
    read: int

    @property
    def is_cold(self):
        """Whether it waited for a disk: its files were not in memory."""
        return self.read > COLD


@dataclass
class Cost:
    """What the runs of one program cost."""

    name: str
    runs: list[Run] = field(default_factory=list)

    @property
    def walls(self):
        return [run.wall for run in self.runs]

    @property
    def wall(self):
        return statistics.median(self.walls)

    @property
    def cpu(self):
        return statistics.median(run.cpu for run in self.runs)

    @property
    def peak(self):
        """The median of the peaks. Not below what Python holds, some 20 MB: a process inherits it from its parent."""
        return statistics.median(run.peak for run in self.runs)


@dataclass(frozen=True)
class Effort:
    """How often a comparison is repeated: at least so many rounds, and more of them while there is time."""

    rounds: int = 5
    seconds: float = 10
    rounds_at_most: int = 25


def run_once(program, words):
    if program.output:
        shutil.rmtree(program.output, ignore_errors=True)
        program.output.mkdir()
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        try:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
            )
        except FileNotFoundError as error:
            raise Failed(f"{words[0]} is not installed") from error
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip().splitlines() or ["nothing"]
            raise Failed(f"{program.name} ended with {process.returncode} and said: {said[-1]}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, usage.ru_inblock * BLOCK)


def warm_round(programs, words):
    """A run of each, all of them with their files in memory."""
    for _ in range(COLD_ROUNDS_AT_MOST):
        runs = [run_once(program, own) for program, own in zip(programs, words)]
        if not any(run.is_cold for run in runs):
            return runs
    raise Failed("the files do not stay in this machine's memory; a --folder of tmpfs, as /dev/shm, holds them there")


def side_by_side(programs, effort):
    """The costs of the programs, run in turns, so that what disturbs the machine disturbs all of them."""
    words = [program.words() for program in programs]
    # The first run of each brings the files into memory, and does not count.
    for program, own in zip(programs, words):
        run_once(program, own)
    costs = [Cost(program.name) for program in programs]
    start, rounds = time.monotonic(), 0
    while rounds < effort.rounds or (
        rounds < effort.rounds_at_most and time.monotonic() - start < effort.seconds
    ):
        for run, cost in zip(warm_round(programs, words), costs):
            cost.runs.append(run)
        rounds += 1
    for program in programs:
        if program.output:
            shutil.rmtree(program.output, ignore_errors=True)
    return costs

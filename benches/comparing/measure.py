"""Runs programs and measures the whole process: wall time, processor time and peak memory."""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path


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


@dataclass
class Cost:
    """What the runs of one program cost: seconds, seconds and bytes, of each run."""

    name: str
    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)

    @property
    def wall(self):
        return statistics.median(self.walls)

    @property
    def cpu(self):
        return statistics.median(self.cpus)

    @property
    def peak(self):
        """The median of the peaks. Not below what Python holds, some 20 MB: a process inherits it from its parent."""
        return statistics.median(self.peaks)


@dataclass(frozen=True)
class Effort:
    """How often a comparison is repeated: at least so many rounds, and more of them while there is time."""

    rounds: int = 5
    seconds: float = 10
    rounds_at_most: int = 25


def run_once(program, words, cost):
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
    cost.walls.append(wall)
    cost.cpus.append(usage.ru_utime + usage.ru_stime)
    cost.peaks.append(usage.ru_maxrss * 1024)


def side_by_side(programs, effort):
    """The costs of the programs, run in turns, so that what disturbs the machine disturbs all of them."""
    words = [program.words() for program in programs]
    # The first run of each brings the files into memory, and does not count.
    for program, own in zip(programs, words):
        run_once(program, own, Cost(program.name))
    costs = [Cost(program.name) for program in programs]
    start, rounds = time.monotonic(), 0
    while rounds < effort.rounds or (
        rounds < effort.rounds_at_most and time.monotonic() - start < effort.seconds
    ):
        for program, own, cost in zip(programs, words, costs):
            run_once(program, own, cost)
        rounds += 1
    for program in programs:
        if program.output:
            shutil.rmtree(program.output, ignore_errors=True)
    return costs

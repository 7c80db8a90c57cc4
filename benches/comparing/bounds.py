"""What is compared with what, and how it has to come out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from .captures import MIX, SCAN, SMALL, Captures
from .measure import Cost, Effort, Failed, Program, side_by_side


@dataclass(frozen=True)
class Bound:
    """A number that is worked out from the costs, and what it may be; without a limit it is only shown."""

    limit: float | None
    is_floor: bool
    value: Callable
    unit: str = " x"

    def holds(self, number):
        return number >= self.limit if self.is_floor else number <= self.limit

    def wanted(self):
        if self.limit is None:
            return ""
        return f"{'at least' if self.is_floor else 'at most'} {self.limit:g}{self.unit}"


@dataclass
class Comparison:
    name: str
    what: str
    programs: list
    bound: Bound
    # A thing that takes milliseconds is measured more often.
    is_short: bool = False


def quotient(costs):
    """The time of the first program, in that of the second one."""
    return costs[0].wall / costs[1].wall


def at_least(wanted):
    return Bound(wanted, True, quotient)


def at_most(wanted):
    return Bound(wanted, False, quotient)


def peak_at_most(wanted, unit, of_one):
    return Bound(wanted, False, lambda costs: costs[0].peak / of_one, unit)


def later_by_at_most(milliseconds):
    return Bound(milliseconds, False, lambda costs: (costs[0].wall - costs[1].wall) * 1000, " ms")


@dataclass
class Result:
    """How a comparison came out, or why it did not."""

    comparison: Comparison
    costs: list[Cost]
    hindrance: str | None = None

    @property
    def number(self):
        return self.comparison.bound.value(self.costs)

    def reached(self):
        if self.hindrance:
            return "not measured"
        return f"{self.number:.3g}{self.comparison.bound.unit}"

    def verdict(self):
        if self.hindrance or self.comparison.bound.limit is None:
            return ""
        return "yes" if self.comparison.bound.holds(self.number) else "**no**"


def measure(comparison, effort):
    if comparison.is_short:
        effort = Effort(effort.rounds * 10, effort.seconds, effort.rounds_at_most * 10)
    try:
        return Result(comparison, side_by_side(comparison.programs, effort))
    except Failed as failed:
        return Result(comparison, [], str(failed))


class Bench:
    """What the comparisons need: programs, and captures."""

    def __init__(self, release: Path, captures: Captures):
        self.release = release
        self.captures = captures

    @property
    def portolan_path(self):
        return str(self.release / "portolan")

    def portolan(self, capture, threads=None, name=None):
        """The program as it runs by itself, with a thread for each processor, or with so many of them."""
        how = ["--threads", str(threads)] if threads else []
        called = {None: "portolan", 1: "portolan, 1 thread"}.get(threads, f"portolan, {threads} threads")
        return Program(name or called, [self.portolan_path, "read", "-q", "--no-rules", *how, capture])

    def bare_walk(self, capture):
        return Program("bare walk", [str(self.release / "examples" / "bare-walk"), capture])

    def tcpdump(self, capture):
        return Program("tcpdump", ["tcpdump", "-r", capture, "-w", "/dev/null"])

    def peer(self, name, capture, what, peer, wanted):
        """A peer against the program as people run it, and against one thread of it."""
        yield Comparison(name, f"{what} / portolan", [peer, self.portolan(capture)], at_least(wanted))
        programs, shown = [peer, self.portolan(capture, 1)], Bound(None, True, quotient)
        yield Comparison(f"{name}-1", f"{what} / portolan, 1 thread", programs, shown)

    def two_threads(self, name, what, capture, wanted):
        programs = [self.portolan(capture, 1, "1 thread"), self.portolan(capture, 2, "2 threads")]
        return Comparison(name, what, programs, at_least(wanted))


def all_comparisons(bench):
    """One after the other; the captures of one are deleted before those of the next are made."""
    for group in (starts, mixes, wraps, smalls, scans, reals, many_files):
        yield from group(bench)


def starts(bench):
    true = Program("true", ["true"])
    with bench.captures.tiny() as tiny:
        helps = Program("portolan --help", [bench.portolan_path, "--help"])
        bound = later_by_at_most(10)
        yield Comparison("start-help", "`portolan --help`, after `true`", [helps, true], bound, is_short=True)
        reads = bench.portolan(tiny)
        yield Comparison("start-read", "a capture of 1 KB, after `true`", [reads, true], bound, is_short=True)


def mixes(bench):
    with bench.captures.generated("mix", MIX) as mix:
        walk = [bench.bare_walk(mix), bench.portolan(mix, 1)]
        yield Comparison("walk-mix", "mix: bare walk / portolan, 1 thread", walk, at_least(0.5))
        yield from bench.peer("tcpdump-mix", mix, "mix: tcpdump", bench.tcpdump(mix), 3.5)
        capinfos = Program("capinfos", ["capinfos", "-c", mix])
        yield from bench.peer("capinfos-mix", mix, "mix: capinfos -c", capinfos, 1.6)
        reader = Program("ndpiReader", ["ndpiReader", "-i", mix, "-q"])
        yield from bench.peer("ndpi-mix", mix, "mix: ndpiReader", reader, 20)
        yield bench.two_threads("threads-mix", "mix: 1 thread / 2 threads", mix, 1.3)
        peak = peak_at_most(64, " MiB", 1 << 20)
        yield Comparison("memory-mix", "mix: peak memory", [bench.portolan(mix)], peak)
        yield from other_containers(bench, mix)


def other_containers(bench, mix):
    with bench.captures.generated("mix", MIX, "--pcapng") as pcapng:
        programs = [bench.portolan(pcapng, 1, "pcapng"), bench.portolan(mix, 1, "pcap")]
        yield Comparison("pcapng-mix", "mix: as pcapng / as pcap, 1 thread", programs, at_most(1.15))
    for tool, wanted in (("zstd", 1.05), ("gzip", 0.8)):
        with bench.captures.compressed(mix, tool) as packed:
            unpack = Program(f"{tool} -dc", [tool, "-dc", packed])
            what = f"mix as .{packed.path.suffix[1:]}: portolan / {unpack.name}"
            yield Comparison(f"{tool}-mix", what, [bench.portolan(packed), unpack], at_most(wanted))


def wraps(bench):
    """No cliff: a packet in something else costs more, but not much more."""
    wrapped = [("qinq", "behind two VLAN tags"), ("vxlan", "inside VXLAN"), ("cooked", "as Linux cooked")]
    with bench.captures.generated("mix", MIX) as mix:
        for wrap, how in wrapped:
            with bench.captures.generated("mix", MIX, "--within", wrap) as within:
                programs = [bench.portolan(within, 1, wrap), bench.portolan(mix, 1, "plain")]
                yield Comparison(f"{wrap}-mix", f"mix: {how} / plain, 1 thread", programs, at_most(3))


def smalls(bench):
    with bench.captures.generated("small", SMALL) as small:
        walk = [bench.bare_walk(small), bench.portolan(small, 1)]
        yield Comparison("walk-small", "small: bare walk / portolan, 1 thread", walk, at_least(0.2))
        yield from bench.peer("tcpdump-small", small, "small: tcpdump", bench.tcpdump(small), 1.8)
        yield bench.two_threads("threads-small", "small: 1 thread / 2 threads", small, 1.4)


def scans(bench):
    with bench.captures.generated("scan", SCAN) as scan:
        output = bench.captures.folder / "nfcapd"
        nfpcapd = Program("nfpcapd", ["nfpcapd", "-r", scan, "-w", str(output)], output)
        yield from bench.peer("nfpcapd-scan", scan, "scan: nfpcapd", nfpcapd, 30)
        peak = peak_at_most(110, " B", bench.captures.scaled(SCAN[1]))
        yield Comparison("memory-scan", "scan: peak memory / flows", [bench.portolan(scan)], peak)
        with bench.captures.generated("collide", SCAN) as collide:
            programs = [bench.portolan(collide, 1, "collide"), bench.portolan(scan, 1, "scan")]
            yield Comparison("collide", "collide / scan, 1 thread", programs, at_most(2))


def reals(bench):
    with bench.captures.real() as real:
        programs = [bench.bare_walk(real), bench.portolan(real, 1)]
        yield Comparison("walk-real", "real: bare walk / portolan, 1 thread", programs, at_least(0.6))
    with bench.captures.real(days_apart=1) as real:
        programs = [bench.bare_walk(real), bench.portolan(real, 1)]
        what = "real, each time a day later, with other flows: bare walk / portolan, 1 thread"
        yield Comparison("walk-real-days", what, programs, Bound(None, True, quotient))


def many_files(bench):
    with bench.captures.generated("mix", MIX) as mix, bench.captures.pieces(mix, 1000) as pieces:
        what = "mix as 1,000 files: 1 thread / 2 threads"
        yield bench.two_threads("threads-files", what, pieces, 1.6)

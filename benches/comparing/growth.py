"""How the cost grows: with flows, with the size of packets, with files and with threads."""

from dataclasses import dataclass, field

from .captures import MIX, SIZES, SMALL
from .measure import Cost, Failed, side_by_side


@dataclass
class Point:
    """A label on the axis, the number there, and what it cost to read so many packets."""

    label: str
    x: float
    packets: int
    cost: Cost

    @property
    def ns_a_packet(self):
        return self.cost.wall * 1e9 / self.packets


@dataclass
class Growth:
    name: str
    what: str
    points: list[Point] = field(default_factory=list)
    hindrance: str | None = None


def flows(bench, add):
    for millions in (1, 2, 5, 10):
        count = millions * 1_000_000
        with bench.captures.generated("scan", (count + count // 10, count)) as scan:
            add(f"{millions} M", millions, scan)


def sizes(bench, add):
    for size in (64, 256, 630, 1500):
        with bench.captures.generated("mix", SIZES, "--size", str(size)) as sized:
            add(f"{size} B", size, sized)


def files(bench, add):
    with bench.captures.generated("mix", MIX) as mix, bench.captures.pieces(mix, 8) as pieces:
        for count in (1, 2, 4, 8):
            add(str(count), count, pieces.first(count, pieces.packets * count // 8))


def threads(bench, add):
    for kind, plan in (("mix", MIX), ("small", SMALL)):
        with bench.captures.generated(kind, plan) as capture:
            for count in (1, 2):
                add(f"{kind}, {count}", count, capture, count)


# By name: the head of the table, and what measures it.
GROWTHS = {
    "growth-flows": ("flows (scan, 1.1 packets each)", flows),
    "growth-sizes": ("size of packets (mix, 1 million packets, 200,000 flows)", sizes),
    "growth-files": ("files (eighths of mix)", files),
    "growth-threads": ("threads", threads),
}


def measure(name, bench, effort):
    what, fill = GROWTHS[name]
    growth = Growth(name, what)

    def add(label, x, capture, threads=1):
        [cost] = side_by_side([bench.portolan(capture, threads)], effort)
        growth.points.append(Point(label, x, capture.packets, cost))

    try:
        fill(bench, add)
    except Failed as failed:
        growth.hindrance = str(failed)
    return growth

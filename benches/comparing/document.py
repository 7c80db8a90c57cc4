"""BENCHMARKS.md: what was measured, in tables."""

HEAD = """\
# Benchmarks

How fast portolan reads captures, beside programs that are known, and beside the bound: a walk from record to record that
does nothing else (`benches/bare_walk.rs`). `benches/compare` builds and makes everything, measures it and writes this
page; nothing here is written by hand.

![{alternative}](docs/benchmarks.svg)
"""

HOW = """\
## How it is measured

- A run is a whole process, from its start to its end, with its output to `/dev/null`. The captures are in memory by then: one
  run of each program comes before those that count, and a round in which one of them read from a disk is not counted.
- The programs of a comparison run in turns (A B A B …), {rounds} times each or more often. Times are medians of the wall
  time; the fastest and the slowest run stand beside them.
- portolan runs as `portolan read -q --no-rules FILE`, which takes a thread for each processor, or with `--threads` where that is
  said; where two ways of portolan are compared, and how its cost grows, with `--threads 1`.
- Processor time is user and system together. Peak memory is the largest resident set; what is below 20 MB cannot be told
  apart.
- The captures are made by the example `make-capture`, the same ones every time: `mix` (6.2 million packets of 600 bytes on
  average in 200,000 flows, 3.82 GB), `small` (10 million packets of 64 to 90 bytes in a million flows, 0.93 GB), `scan`
  (10 million flows of a SYN each, in no order that can be seen, 0.88 GB) and `collide` (as many, whose addresses and ports add up to the same).
- `real` are the recorded captures in `testdata/`, and those of other people in `../shared/captures` where they are, in one file
  of pcapng, as often as it takes to be 500 MB long. Its flows are known after the first time, so there is a second one in
  which every time is a day later.
"""


def table(head, rows):
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def time(seconds):
    return f"{seconds * 1000:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"


def memory(number):
    return f"{number / (1 << 20):.0f} MiB"


def bounds(results):
    """What had to be reached, and what was."""
    rows = []
    for result in results:
        comparison = result.comparison
        rows.append([comparison.what, comparison.bound.wanted(), result.reached(), result.verdict()])
    judged = [result.verdict() for result in results if result.verdict()]
    missed = [result.comparison.what for result in results if result.verdict() == "**no**"]
    lines = ["## What has to be reached\n", table(["", "wanted", "reached", ""], rows)]
    lines.append(f"{len(judged) - len(missed)} of {len(judged)} are reached.")
    if missed:
        lines.append(f"Not reached: {'; '.join(missed)}.")
    for why in sorted({result.hindrance for result in results if result.hindrance}):
        names = [result.comparison.name for result in results if result.hindrance == why]
        lines.append(f"Not measured, as {why}: {', '.join(names)}.")
    return "\n".join(lines) + "\n"


def costs(results):
    """What stands behind the quotients."""
    head = ["comparison", "program", "wall time", "least", "most", "processor", "peak memory", "runs"]
    rows = []
    for result in results:
        for cost in result.costs:
            walls = [time(cost.wall), time(min(cost.walls)), time(max(cost.walls))]
            rest = [time(cost.cpu), memory(cost.peak), str(len(cost.walls))]
            rows.append([f"`{result.comparison.name}`", cost.name, *walls, *rest])
    return "\n".join(["## What it is made of\n", table(head, rows)])


def growth(growths):
    parts = ["## How the cost grows\n"]
    for one in growths:
        rows = [
            [
                point.label,
                f"{point.packets:,}",
                time(point.cost.wall),
                time(point.cost.cpu),
                f"{point.ns_a_packet:.0f} ns",
                memory(point.cost.peak),
            ]
            for point in one.points
        ]
        if rows:
            parts.append(table([one.what, "packets", "wall time", "processor", "wall time a packet", "peak memory"], rows))
        if one.hindrance:
            parts.append(f"Not all was measured, as {one.hindrance}.\n")
    return "\n".join(parts)


def machine(facts):
    return "\n".join(["## Where\n", table(["", ""], list(facts.items()))])


def write(results, growths, facts, effort, alternative, is_quick):
    """The whole page."""
    parts = [HEAD.format(alternative=alternative)]
    if is_quick:
        parts.append("**This is a trial with small captures: its figures mean nothing.**\n")
    parts += [machine(facts), bounds(results)]
    if any(one.points or one.hindrance for one in growths):
        parts.append(growth(growths))
    parts += [costs(results), HOW.format(rounds=effort.rounds)]
    return "\n".join(parts)

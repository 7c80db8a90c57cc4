"""docs/benchmarks.svg: speeds as bars, growth as lines, for light and dark pages."""

from html import escape

WIDTH, HEIGHT = 880, 512
# Left edges and widths of the panels: two above, three below.
ABOVE = [(24, 400), (456, 400)]
BELOW = [(24, 256), (312, 256), (600, 256)]

# No custom properties: what shows SVG outside of browsers does not know them.
STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: #1f2328; }
.head { font-weight: 600; font-size: 14px; }
.dim { fill: #59636e; }
.other { fill: #afb8c1; }
.own { fill: #0969da; }
.axis { stroke: #d1d9e0; stroke-width: 1; }
.line { fill: none; stroke: #0969da; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .dim { fill: #9198a1; }
  .other { fill: #59636e; }
  .own { fill: #4493f8; }
  .axis { stroke: #3d444d; }
  .line { stroke: #4493f8; }
}
"""


def short(value):
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def text(x, y, words, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def speeds(results, capture):
    """Million packets a second by program, the fastest first."""
    found = {}
    for result in results:
        name = result.comparison.name
        if not name.endswith(f"-{capture}") or not result.costs or name.split("-")[0] not in PEERS:
            continue
        for program, cost in zip(result.comparison.programs, result.costs):
            found.setdefault(cost.name, program.packets / cost.wall / 1e6)
    return sorted(found.items(), key=lambda pair: -pair[1])


# The comparisons of which all programs read the same capture.
PEERS = {"walk", "tcpdump", "capinfos", "ndpi"}


def bars(place, top, head, pairs):
    left, width = place
    parts = [text(left, top, head, "head"), text(left, top + 18, "million packets a second", "dim")]
    first, room = left + 140, width - 140 - 40
    longest = max((value for _, value in pairs), default=1)
    for row, (name, value) in enumerate(pairs):
        y = top + 34 + row * 28
        length = max(value / longest * room, 1)
        kind = "own" if name.startswith("portolan") else "other"
        parts.append(text(first - 8, y + 14, name, anchor="end"))
        parts.append(f'<rect x="{first}" y="{y}" width="{length:.1f}" height="20" rx="2" class="{kind}"/>')
        parts.append(text(first + length + 6, y + 14, short(value)))
    return parts


def lines(place, top, head, unit, points):
    """A line through points of (label, x, y), from zero on."""
    left, width = place
    parts = [text(left, top, head, "head"), text(left, top + 18, unit, "dim")]
    if not points:
        return parts
    bottom, height, first, room = top + 190, 130, left + 12, width - 48
    most_x, most_y = max(x for _, x, _ in points), max(y for _, _, y in points)
    places = [(first + x / most_x * room, bottom - y / most_y * height) for _, x, y in points]
    parts.append(f'<path class="axis" d="M{left} {bottom}h{width - 16}"/>')
    way = " L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    parts.append(f'<path class="line" d="M{way}"/>')
    before = [places[0], *places]
    for (label, _, value), (x, y), (_, y_before) in zip(points, places, before):
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" class="own"/>')
        # Beside the line, and the first two points are close to each other.
        anchor = "start" if y_before < y else "end" if (x, y) == places[0] else "middle"
        parts.append(text(x, y - 10, short(value), anchor=anchor))
        parts.append(text(x, bottom + 18, label.split(" ")[0], "dim", "middle"))
    return parts


def grown(growths, name, value):
    points = next((one.points for one in growths if one.name == name), [])
    return [(point.label, point.x, value(point)) for point in points]


def sentence(head, pairs):
    if not pairs:
        return ""
    return f"{head}: {'; '.join(f'{name} {short(value)}' for name, value in pairs)}."


def draw(results, growths):
    """The image, and its words for those who do not see it."""
    mix, small = speeds(results, "mix"), speeds(results, "small")
    by_flows = grown(growths, "growth-flows", lambda point: point.ns_a_packet)
    peaks = grown(growths, "growth-flows", lambda point: point.cost.peak / (1 << 20))
    by_size = grown(growths, "growth-sizes", lambda point: point.ns_a_packet)
    parts = bars(ABOVE[0], 32, "Mixed traffic, 600 bytes a packet", mix)
    parts += bars(ABOVE[1], 32, "Small packets, 64 to 90 bytes", small)
    told = [sentence("Million packets a second of mixed traffic", mix), sentence("Of small packets", small)]
    panels = [
        ("Time by flows", "ns a packet, by million flows", by_flows),
        ("Peak memory by flows", "MiB, by million flows", peaks),
        ("Time by size of packets", "ns a packet, by bytes", by_size),
    ]
    for place, (head, unit, points) in zip(BELOW, panels):
        parts += lines(place, 280, head, unit, points)
        told.append(sentence(f"{head}, {unit.split(',')[0]}", [(f"{label}:", y) for label, _, y in points]))
    alternative = " ".join(filter(None, told))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="name words">'
        f'<title id="name">Benchmarks of portolan</title><desc id="words">{escape(alternative)}</desc>'
    )
    return "\n".join([head, f"<style>{STYLE}</style>", *parts, "</svg>\n"]), alternative

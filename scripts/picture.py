"""What a terminal shows, as tmux tells it with escapes, to an SVG picture."""

import re
import sys
import unicodedata
from html import escape

# Units of the picture that a letter takes, and where it stands in its cell.
WIDTH, HEIGHT, BASELINE, MARGIN = 8, 17, 13, 10
BACKGROUND, FOREGROUND, SOFT = "#14181d", "#d8dee6", "#8b95a1"
# The colours of a terminal by their SGR numbers, from 30 on.
COLOURS = ["#14181d", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d8dee6"]
# Drawn rather than written, for fonts leave gaps: where it begins and how high it is, in eighths of a cell.
DRAWN = {chr(0x2580 + eighths): (8 - eighths, eighths) for eighths in range(1, 9)} | {"─": (3.8, 0.4)}
DESCRIPTION = """All traffic of the last interval and the last minute, its rate over time as bars, and the categories
with their rates, packets, shares, flows, round-trip times, refused and unanswered connections; web-tls comes first."""


def attributes(before, codes):
    """The SGR codes that hold after `codes`."""
    after = set(before)
    # A colour of 256, of which the program takes those that every terminal has.
    codes = re.sub("38;5;([0-7])", r"3\1", codes)
    for code in map(int, (codes or "0").split(";")):
        if code == 0:
            after.clear()
        elif 30 <= code <= 39:
            after = {other for other in after if not 30 <= other <= 37}
        after.add(code)
    return frozenset(after - {0, 39})


def pieces(lines):
    """Row, column, text and attributes of everything that has the same look and stands side by side."""
    look = frozenset()
    for row, line in enumerate(lines):
        column = 0
        for number, part in enumerate(re.split("\x1b\\[([0-9;]*)m", line)):
            if number % 2:
                look = attributes(look, part)
            else:
                yield row, column, part, look
                column += columns(part)


def columns(text):
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def rectangle(x, y, width, height, colour):
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{colour}"/>'


def draw(row, column, text, look):
    """SVG elements of one piece."""
    colour = next((COLOURS[code - 30] for code in look if 30 <= code <= 37), SOFT if 2 in look else FOREGROUND)
    y = MARGIN + row * HEIGHT
    if 7 in look and text:
        yield rectangle(MARGIN + column * WIDTH, y, columns(text) * WIDTH, HEIGHT, colour)
        colour = BACKGROUND
    weight = ' font-weight="bold"' if 1 in look else ""
    kinds = "".join(sorted(DRAWN))
    # The columns of a table stay where they are in every font: each has its own place and width.
    for match in re.finditer(f"([{kinds}])\\1*|[^{kinds} ]+(?: [^{kinds} ]+)*", text):
        found, x = match.group(), MARGIN + (column + columns(text[: match.start()])) * WIDTH
        length = columns(found) * WIDTH
        if found[0] in DRAWN:
            top, high = (eighths * HEIGHT / 8 for eighths in DRAWN[found[0]])
            yield rectangle(x, y + top, length, high, colour)
        else:
            yield f'<text x="{x}" y="{y + BASELINE}" textLength="{length}" fill="{colour}"{weight}>{escape(found)}</text>'


def main():
    lines = sys.stdin.read().rstrip("\n").split("\n")
    across = max(columns(re.sub("\x1b\\[[0-9;]*m", "", line)) for line in lines)
    width, height = 2 * MARGIN + across * WIDTH, 2 * MARGIN + len(lines) * HEIGHT
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t d"')
    print('  font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13">')
    print(f'<title id="t">The screen of portolan live</title>\n<desc id="d">{DESCRIPTION}</desc>')
    print(f'<rect width="{width}" height="{height}" rx="6" fill="{BACKGROUND}"/>')
    for piece in pieces(lines):
        for element in draw(*piece):
            print(element)
    print("</svg>")


main()

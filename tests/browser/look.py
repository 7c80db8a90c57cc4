"""What a browser makes of a page: `look.py BROWSER PAGE`, as one JSON object.

Talks with the browser by its DevTools protocol through two pipes: nothing listens, nothing is installed.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

WIDTHS = [390, 768, 1280]
# What A4 has between the margins that browsers leave, in CSS pixels.
PAPER = 717

# Presses the button of a column of the first table, and tells the cells of that column.
PRESS = """(column) => {
  const table = [...document.querySelectorAll("table.sorts")].find((table) => table.caption.textContent === "Categories");
  const head = [...table?.tHead.rows[0].cells ?? []].findIndex((cell) => cell.textContent === column);
  if (head < 0) return [];
  table.tHead.rows[0].cells[head].querySelector("button").click();
  return [...table.tBodies[0].rows].map((row) => row.cells[head].textContent);
}"""

# Presses every button of every table twice, and tells the columns that are not in order, up or down, or lost a row.
UNSORTED = """() => [...document.querySelectorAll("table.sorts")].flatMap((table) => {
  const rows = () => [...table.tBodies[0].rows];
  const count = rows().length;
  return [...table.tHead.rows[0].cells].filter((head, place) => [1, 2].some(() => {
    head.querySelector("button").click();
    const value = (cell) => head.classList.contains("number") ? Number(cell.dataset.sort) : cell.textContent;
    const compare = (a, b) => typeof a === "number" ? a - b : a.localeCompare(b);
    const values = rows().map((row) => value(row.cells[place]));
    if (head.getAttribute("aria-sort") === "descending") values.reverse();
    return rows().length !== count || values.some((value, at) => at > 0 && compare(values[at - 1], value) > 0);
  })).map((head) => `${table.caption.textContent}: ${head.textContent}`);
})"""

DRAWN = """() => [...document.querySelectorAll("svg")].map((svg) => {
  const box = svg.getBoundingClientRect();
  return box.width > 100 && box.height > 30 && svg.querySelectorAll("rect").length > 0;
})"""

UNNAMED = """() => [...document.querySelectorAll("button, summary, [role]")]
  .filter((named) => !(named.getAttribute("aria-label") || named.textContent).trim()).length"""

# What takes the focus and does nothing with it. Only after the next frame the page knows what scrolls.
IDLE = """() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(
  [...document.querySelectorAll("[tabindex]")].filter((box) => box.scrollWidth <= box.clientWidth).map((box) => box.className)
))))"""

# What is written in charts smaller than it can be read, or over what else is written there.
ILLEGIBLE = """() => [...document.querySelectorAll(".plot")].flatMap((plot) => {
  const texts = [...plot.querySelectorAll("span, text")].filter((text) => text.getClientRects().length);
  const boxes = texts.map((text) => text.getBoundingClientRect());
  const touch = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  return texts.filter((text, place) => parseFloat(getComputedStyle(text).fontSize) < 11
    || boxes.some((box, other) => other < place && touch(box, boxes[place]))).map((text) => text.textContent);
})"""

# Texts whose contrast with what is behind them is below what WCAG 2.2 asks for (1.4.3).
FAINT = """() => {
  const channels = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (colour) => channels(colour).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (element) => {
    const colour = element ? getComputedStyle(element).backgroundColor : "rgb(255, 255, 255)";
    return channels(colour)[3] === 0 ? ground(element.parentElement) : colour;
  };
  const isFaint = (element) => {
    const [dim, bright] = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => a - b);
    return (bright + 0.05) / (dim + 0.05) < 4.5;
  };
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll("body *")]
    .filter((element) => element.getClientRects().length && hasText(element) && !element.closest(".heat, svg"))
    .filter(isFaint).map((element) => element.textContent);
}"""

WIDER = """() => [...document.querySelectorAll(".scroll")].filter((box) => box.scrollWidth > box.clientWidth)
  .map((box) => box.getAttribute("aria-label"))"""


class Browser:
    """A browser without a window, and the one page that it shows."""

    def __init__(self, program, profile):
        to_browser, self.write = os.pipe()
        self.read, from_browser = os.pipe()

        def give_pipes():
            # The protocol has these numbers. What is in their place is moved away first.
            ends = [os.dup(os.dup(os.dup(end))) for end in (to_browser, from_browser)]
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        options = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--remote-debugging-pipe"]
        self.process = subprocess.Popen(
            [program, *options, "about:blank"], preexec_fn=give_pipes, close_fds=False, stderr=subprocess.DEVNULL
        )
        os.close(to_browser)
        os.close(from_browser)
        self.number, self.session, self.rest, self.events = 0, None, b"", []

    def messages(self):
        while True:
            while b"\0" in self.rest:
                message, self.rest = self.rest.split(b"\0", 1)
                yield json.loads(message)
            piece = os.read(self.read, 1 << 16)
            if not piece:
                sys.exit("the browser is gone")
            self.rest += piece

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        for answer in self.messages():
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def await_event(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(next(self.messages()))

    def open(self, address):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        self.ask("Page.navigate", url=address)
        self.await_event("Page.loadEventFired")

    def call(self, function, *arguments):
        expression = f"({function})({', '.join(map(json.dumps, arguments))})"
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            sys.exit(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def resize(self, width):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)

    def at(self, width):
        """What is wrong at this width: pixels by which the page is wider than the window, and what nobody can use or read."""
        self.resize(width)
        return {
            "overflow": self.call("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"),
            "idle": self.call(IDLE),
            "illegible": self.call(ILLEGIBLE),
        }

    def faint(self, scheme):
        """Texts without contrast in this colour scheme, and the ground of the page."""
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        return {"texts": self.call(FAINT), "ground": self.call("() => getComputedStyle(document.body).backgroundColor")}

    def cut_on_paper(self):
        """Names of tables and pictures that are wider than paper."""
        self.ask("Emulation.setEmulatedMedia", media="print")
        self.resize(PAPER)
        return self.call(WIDER)


def complaints(events):
    wrong = ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
    return [event["params"] for event in events if event.get("method") in wrong]


def requests(events):
    asked = [event for event in events if event.get("method") == "Network.requestWillBeSent"]
    return [event["params"]["request"]["url"] for event in asked]


def main(program, page):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            browser.open(Path(page).resolve().as_uri())
            found = {
                "title": browser.call("() => document.title"),
                "drawn": browser.call(DRAWN),
                "bytes": browser.call(PRESS, "Bytes"),
                "names": browser.call(PRESS, "Category"),
                "names_turned": browser.call(PRESS, "Category"),
                "unsorted": browser.call(UNSORTED),
                "unnamed": browser.call(UNNAMED),
                "at": [browser.at(width) for width in WIDTHS],
                "faint": {scheme: browser.faint(scheme) for scheme in ("light", "dark")},
                "cut_on_paper": browser.cut_on_paper(),
            }
            found["complaints"], found["requests"] = complaints(browser.events), requests(browser.events)
        finally:
            browser.process.kill()
            browser.process.wait()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The captures to measure on: made when they are needed, and deleted when nothing needs them any more."""

import math
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Packets and flows, as benches/captures has them.
MIX = (6_200_000, 200_000)
SMALL = (10_000_000, 1_000_000)
SCAN = (11_000_000, 10_000_000)
SIZES = (1_000_000, 200_000)
REAL_BYTES = 500_000_000


class Capture:
    """A file, or a folder of them, that is made as soon as somebody asks where it is."""

    def __init__(self, path, make, packets=None):
        self.path = path
        self.packets = packets
        self._make = make

    def paths(self):
        if not self.path.exists():
            self._make(self.path)
            # Else a disk is written to while they are measured.
            os.sync()
        return [str(self.path)]

    def remove(self):
        if self.path.is_dir():
            shutil.rmtree(self.path)
        else:
            self.path.unlink(missing_ok=True)


class Pieces(Capture):
    """A folder of captures, or the first of it."""

    def __init__(self, path, make, packets, first=None):
        super().__init__(path, make, packets)
        self._first = first

    def paths(self):
        super().paths()
        return sorted(str(piece) for piece in self.path.iterdir())[: self._first]

    def first(self, count, packets):
        return Pieces(self.path, self._make, packets, count)


class Captures:
    """Makes captures in a folder, whose number of packets and flows a quick run divides."""

    def __init__(self, folder, release, divisor):
        self.folder = folder
        self._examples = release / "examples"
        self._portolan = release / "portolan"
        self._divisor = divisor

    def scaled(self, number):
        return number // self._divisor

    @contextmanager
    def generated(self, kind, plan, *options):
        packets, flows = (self.scaled(number) for number in plan)
        with self._for_now(self._generate(kind, packets, flows, options)) as capture:
            yield capture

    @contextmanager
    def tiny(self):
        """A capture of 1 KB."""
        with self._for_now(self._generate("small", 10, 5, ())) as capture:
            yield capture

    @contextmanager
    def compressed(self, capture, tool):
        """The same capture through gzip or zstd, at their usual level."""

        def make(path):
            with path.open("wb") as out:
                subprocess.run([tool, "--quiet", "--stdout", *capture.paths()], stdout=out, check=True)

        suffix = {"gzip": "gz", "zstd": "zst"}[tool]
        path = capture.path.with_name(f"{capture.path.name}.{suffix}")
        with self._for_now(Capture(path, make, capture.packets)) as made:
            yield made

    @contextmanager
    def pieces(self, capture, count):
        """The same capture, cut into files of the same number of packets."""
        each = math.ceil(capture.packets / count)

        def make(path):
            path.mkdir()
            command = ["editcap", "-F", "pcap", "-c", str(each), *capture.paths(), str(path / "piece.pcap")]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
            capture.remove()

        path = self.folder / f"{count}-pieces"
        with self._for_now(Pieces(path, make, capture.packets)) as made:
            yield made

    @contextmanager
    def real(self, days_apart=0):
        """Recorded captures as one file, repeated until it is long enough, each time so many days later."""

        def make(path):
            self._make_real(path, days_apart)

        with self._for_now(Capture(self.folder / f"real-{days_apart}.pcapng", make)) as capture:
            yield capture

    def _generate(self, kind, packets, flows, options):
        name = "-".join([kind, str(packets), str(flows), *(option.strip("-") for option in options)])
        suffix = "pcapng" if "--pcapng" in options else "pcap"

        def make(path):
            numbers = ["--packets", str(packets), "--flows", str(flows)]
            command = [self._examples / "make-capture", kind, path, *numbers, *options]
            subprocess.run(command, check=True)

        return Capture(self.folder / f"{name}.{suffix}", make, packets)

    def _make_real(self, path, days_apart):
        # Only captures that are whole: portolan ends with 3 for others, and mergecap stops there.
        whole = [capture for capture in recorded() if self._is_whole(capture)]
        once = path.with_name("once.pcapng")
        subprocess.run(["mergecap", "-a", "-w", once, *whole], check=True)
        # Files of pcapng one behind the other are a file of pcapng, of several sections.
        repeats = math.ceil(self.scaled(REAL_BYTES) / once.stat().st_size)
        part = path.with_name("part.pcapng")
        with path.open("wb") as out:
            for nth in range(repeats):
                subprocess.run(["editcap", "-t", str(nth * days_apart * 86_400), once, part], check=True)
                with part.open("rb") as packets:
                    shutil.copyfileobj(packets, out, 1 << 18)
        for file in (once, part):
            file.unlink()

    def _is_whole(self, capture):
        quietly = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        trial = self.folder / "trial.pcapng"
        by_portolan = subprocess.run([self._portolan, "read", "-q", capture], **quietly)
        by_mergecap = subprocess.run(["mergecap", "-a", "-w", trial, capture], **quietly)
        trial.unlink(missing_ok=True)
        return by_portolan.returncode == 0 and by_mergecap.returncode == 0

    @contextmanager
    def _for_now(self, capture):
        try:
            yield capture
        finally:
            capture.remove()


def recorded():
    """The captures in the repository, and those of other people where they are, as tests/shared_captures.rs has it."""
    shared = Path(os.environ.get("PORTOLAN_CAPTURES", ROOT.parent / "shared" / "captures"))
    folders = [ROOT / "testdata", shared]
    endings = (".pcap", ".pcapng", ".cap")
    return [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()) if path.suffix in endings]

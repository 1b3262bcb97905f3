"""Draw the pictures of docs/kernels.md: docs/images/kernels-*.svg.

    python tools/make_kernel_pictures.py
"""
from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path

INK, SOFT, LINE = "#1f2933", "#5b6770", "#9aa5b1"
BLUE, ORANGE, GREEN, PINK, GREY, WHITE = "#cfe3fa", "#fde0b6", "#cdeccf", "#f6cfe0", "#e8ebef", "#ffffff"
CELL = 30


class Picture:
    """An SVG file in the making; it brings its own white ground, to be read on dark pages, too."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"',
                      'role="img" font-family="Helvetica, Arial, DejaVu Sans, sans-serif">', f"<title>{escape(title)}</title>"]
        self.box(0.5, 0.5, width - 1, height - 1, WHITE, LINE, round=8)

    def box(self, x: float, y: float, width: float, height: float, fill: str = WHITE, stroke: str = INK, round: int = 0,
            wide: float = 1) -> None:
        self.parts.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{round}" fill="{fill}" '
                          f'stroke="{stroke}" stroke-width="{wide:g}"/>')

    def text(self, x: float, y: float, words: str, size: int = 14, colour: str = INK, anchor: str = "start", bold: bool = False) -> None:
        weight = ' font-weight="bold"' if bold else ""
        self.parts.append(f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"{weight}>'
                          f"{escape(words)}</text>")

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str = INK, wide: float = 1.5) -> None:
        self.parts.append(f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{colour}" stroke-width="{wide:g}"/>')

    def arrow(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Along one axis."""
        self.line(x1, y1, x2, y2)
        across, down = (x2 > x1) - (x2 < x1), (y2 > y1) - (y2 < y1)
        for side in (-4, 4):
            self.line(x2, y2, x2 - 7 * across + side * abs(down), y2 - 7 * down + side * abs(across))

    def cell(self, x: float, y: float, words: str, fill: str, width: float = CELL, height: float = CELL, size: int = 12,
             colour: str = INK) -> None:
        self.box(x, y, width, height, fill, LINE)
        self.text(x + width / 2, y + height / 2 + size * 0.36, words, size, colour, "middle")

    def save(self, path: Path) -> None:
        path.write_text("\n".join([*self.parts, "</svg>", ""]), encoding="utf-8")


def planes() -> Picture:
    """One plane, and the nine rows of im2col's matrix, transposed, as nine runs of it."""
    height, width, kernel = 3, 4, 3
    row = width + 1                                  # padding on the right is the next row's on the left
    run, memory = (height - 1) * row + width, 26
    p = Picture(860, 525, "The nine rows of col.T are nine runs of the same memory")
    p.text(24, 32, "A picture of 3 x 4 pixels, padding 1: a plane with R = 5 numbers per row", 15, bold=True)

    def inside(place: int) -> bool:
        y, x = divmod(place, row)
        return 1 <= y <= height and x >= 1

    for place in range(memory):
        y, x = divmod(place, row)
        p.cell(24 + x * CELL, 48 + y * CELL, str(place), BLUE if inside(place) else GREY, colour=INK if inside(place) else SOFT)
    p.box(24 + 2 * CELL, 48 + CELL, 3 * CELL, 3 * CELL, "none", INK, wide=3)
    for i, (fill, words) in enumerate(((BLUE, "pixel (the number is its place in memory)"),
                                       (GREY, "zero: the padding on the right of a row is the"),
                                       (ORANGE, "what a tap reads for output q = 0, 1, ... 13"),
                                       (WHITE, "junk between two rows: computed, then dropped"))):
        p.box(230, 54 + 30 * i + (18 if i > 1 else 0), 18, 18, fill, LINE)
        p.text(256, 68 + 30 * i + (18 if i > 1 else 0), words, 14)
    p.text(256, 116, "padding on the left of the next one", 14)
    p.text(256, 206, "Frame: the window of output row 1, column 2 (q = 7).", 14)
    p.text(256, 226, "Output pixel q = 5 * row + column.", 14)
    p.text(24, 262, "The same plane as memory, and the nine rows of col.T (im2col) in it", 15, bold=True)
    wide, left, top = 25, 170, 276
    for place in range(memory):
        p.cell(left + place * wide, top, str(place), BLUE if inside(place) else GREY, wide, 20, 10)
    for tap in range(kernel * kernel):
        offset = tap // kernel * row + tap % kernel
        y = top + 26 + tap * 21
        p.text(24, y + 14, f"tap ({tap // kernel}, {tap % kernel}): offset {offset}", 13)
        for q in range(run):
            p.cell(left + (offset + q) * wide, y, str(q), WHITE if q % row >= width else ORANGE, wide, 18, 10,
                   LINE if q % row >= width else INK)
    p.text(24, 508, "Nothing is copied per tap: a table of nine offsets (for each channel) says it all.", 14)
    return p


def phases() -> Picture:
    """Stride 2: four phase planes, in each of which a tap is a view of stride 1 again."""
    fills = ((BLUE, ORANGE), (GREEN, PINK))
    p = Picture(860, 345, "Stride 2: a channel becomes four phase planes")
    p.text(24, 32, "Stride 2, kernel 3 x 3: each channel becomes four phase planes", 15, bold=True)
    for y in range(7):
        for x in range(7):
            p.cell(24 + x * CELL, 70 + y * CELL, f"{y}{x}", fills[y % 2][x % 2])
    p.box(24, 70, 3 * CELL, 3 * CELL, "none", INK, wide=3)
    p.text(24, 306, "the padded channel: row, column;", 13)
    p.text(24, 324, "frame: the window of output (0, 0)", 13)
    p.arrow(250, 174, 290, 174)
    for py in range(2):
        for px in range(2):
            left, top = 310 + px * 150, 70 + py * 140
            p.text(left, top - 6, f"phase ({py}, {px})", 13)
            for i in range(4 - py):
                for j in range(4 - px):
                    p.cell(left + j * 28, top + i * 26, f"{2 * i + py}{2 * j + px}", fills[py][px], 28, 26)
            p.box(left, top, 28 * (2 - px), 26 * (2 - py), "none", INK, wide=3)
    for i, words in enumerate(("Tap (ky, kx) reads phase", "(ky mod 2, kx mod 2),", "shifted by ky div 2 rows and", "kx div 2 columns.",
                               "", "Tap (2, 1): phase (0, 1),", "one row down, column 0:", "21, 23, 25, then 41, 43, 45:",
                               "a run with stride 1.", "", "Frames: the nine taps of", "output (0, 0).")):
        p.text(620, 80 + 21 * i, words, 15)
    return p


def registers(p: Picture, left: float, top: float, rows: int, inner: str, fill: str) -> None:
    for m in range(rows):
        for v in range(3):
            p.cell(left + v * 84, top + m * 32, inner.format(m=m, v=v), fill, 78, 27)


def tile() -> Picture:
    """The micro-kernel for sums: 4 x 3 registers."""
    p = Picture(860, 330, "The micro-kernel tile: twelve registers of sums")
    p.text(24, 32, "tile: twelve registers of sums stay; each step k brings 3 + 4 loads and 12 multiply-adds", 15, bold=True)
    p.text(214, 66, "planes[offset[k] + q]: three registers of pixels", 13, SOFT)
    for v in range(3):
        p.cell(214 + v * 84, 76, f"pixels {v}", BLUE, 78, 27)
    p.text(24, 130, "w[f, k]: one number", 13, SOFT)
    p.text(24, 147, "each, in all lanes", 13, SOFT)
    for m in range(4):
        p.cell(150, 118 + m * 32, f"w{m}", ORANGE, 46, 27)
    registers(p, 214, 118, 4, "sum {m}{v}", GREEN)
    p.text(24, 272, "sum mv += w m * pixels v, for k = 0, 1, ... C * KH * KW - 1. Then the twelve sums are stored, once.", 14)
    p.text(24, 300, "Rows: four filters. Columns: 3 * 8 = 24 neighbouring output pixels (float32 in 256 bits).", 14)
    for i, (name, *numbers) in enumerate((("", "AVX2", "AVX-512"), ("registers there are", "16", "32"),
                                          ("sums", "4 x 3 = 12", "8 x 3 = 24"), ("pixels, weight", "3 + 1", "3 + 1"),
                                          ("loads per step", "3 + 4 = 7", "3 + 8 = 11"), ("loads per FMA", "0.58", "0.46"))):
        p.text(500, 84 + 28 * i, name, 14, SOFT)
        for j, number in enumerate(numbers):
            p.text(690 + 90 * j, 84 + 28 * i, number, 14, anchor="middle", bold=i == 0)
    return p


def dots() -> Picture:
    """The micro-kernel for the gradient of the weights, and how four registers are added up."""
    p = Picture(860, 380, "The micro-kernel dots, and a horizontal sum")
    p.text(24, 32, "dots: both factors are runs of pixels; each sum ends as one number", 15, bold=True)
    p.text(214, 62, "planes[offset[k] + q]: three taps", 13, SOFT)
    for t in range(3):
        p.cell(214 + t * 84, 72, f"tap {t}", BLUE, 78, 27)
    p.text(24, 128, "g[f, q]:", 13, SOFT)
    p.text(24, 145, "four filters", 13, SOFT)
    for m in range(4):
        p.cell(118, 114 + m * 32, f"g {m}", ORANGE, 78, 27)
    registers(p, 214, 114, 4, "sum {m}{v}", GREEN)
    p.text(24, 272, "sum mt += g m * tap t, for all registers of the run", 14)
    p.text(500, 62, "at the end, four registers at a time:", 13, SOFT)
    names = "abcd"
    for m, name in enumerate(names):
        for lane in range(4):
            p.cell(500 + lane * 40, 72 + m * 26, f"{name}{lane}", GREEN, 40, 24, 11)
    p.text(680, 112, "add neighbours of", 13, SOFT)
    p.text(680, 129, "a and b, of c and d", 13, SOFT)
    p.arrow(580, 178, 580, 196)
    for row in range(2):
        for lane in range(4):
            name, low = names[2 * row + lane // 2], 2 * (lane % 2)
            p.cell(500 + lane * 62, 202 + row * 26, f"{name}{low}+{name}{low + 1}", PINK, 62, 24, 11)
    p.text(754, 222, "add those", 13, SOFT)
    p.text(754, 239, "once more", 13, SOFT)
    p.arrow(580, 258, 580, 276)
    for lane, name in enumerate(names):
        p.cell(500 + lane * 62, 282, f"sum of {name}", WHITE, 62, 26, 11)
    p.text(500, 330, "Three additions instead of four times two, and the", 13, SOFT)
    p.text(500, 347, "four totals lie in one register: one load, one store.", 13, SOFT)
    p.text(24, 330, "Registers of more than 128 bits do this in each part", 13, SOFT)
    p.text(24, 347, "of 128 bits; then the parts are added.", 13, SOFT)
    return p


def winograd() -> Picture:
    """From a 4 x 4 tile of the input to 2 x 2 pixels of the output."""
    p = Picture(860, 390, "Winograd's convolution F(2 x 2, 3 x 3)")
    p.text(24, 32, "Winograd: 16 products per channel for 2 x 2 outputs, where the direct sum has 4 * 9 = 36", 15, bold=True)
    small = 22
    for y in range(6):
        for x in range(6):
            p.box(24 + x * small, 76 + y * small, small, small, GREY, LINE)
    p.box(24, 76, 4 * small, 4 * small, "none", "#1769c0", wide=3)
    p.box(24 + 2 * small, 80, 4 * small, 4 * small - 8, "none", "#c05a17", wide=3)
    p.text(24, 64, "x: tiles of 4 x 4, 2 apart", 13, SOFT)
    p.arrow(164, 120, 232, 120)
    p.text(198, 110, "B' x B", 14, anchor="middle")
    p.text(198, 140, "additions", 12, SOFT, "middle")
    for y in range(4):
        for x in range(4):
            p.cell(244 + x * small, 76 + y * small, str(4 * y + x), BLUE, small, small, 11)
    p.text(244, 64, "v: 16 points", 13, SOFT)
    for y in range(3):
        for x in range(3):
            p.cell(24 + x * small, 270 + y * small, "", ORANGE, small, small)
    p.text(24, 258, "w: 3 x 3", 13, SOFT)
    p.arrow(104, 304, 232, 304)
    p.text(168, 294, "G w G'", 14, anchor="middle")
    for y in range(4):
        for x in range(4):
            p.cell(244 + x * small, 260 + y * small, str(4 * y + x), ORANGE, small, small, 11)
    p.text(244, 248, "u: 16 points", 13, SOFT)
    p.line(340, 120, 372, 120)
    p.line(340, 304, 372, 304)
    p.line(372, 120, 372, 304)
    p.arrow(372, 212, 400, 212)
    for i in range(3):
        p.box(408 + 8 * i, 150 + 8 * i, 160, 104, WHITE, INK)
    p.text(504, 196, "at each of 16 points", 14, anchor="middle")
    p.text(504, 218, "a product of matrices", 14, anchor="middle", bold=True)
    p.text(504, 244, "(F, C) @ (C, tiles)", 14, anchor="middle")
    p.arrow(592, 212, 618, 212)
    for y in range(4):
        for x in range(4):
            p.cell(624 + x * small, 168 + y * small, str(4 * y + x), GREEN, small, small, 11)
    p.text(624, 156, "m: 16 points", 13, SOFT)
    p.arrow(718, 212, 774, 212)
    p.text(746, 202, "A' m A", 14, anchor="middle")
    for y in range(2):
        for x in range(2):
            p.cell(784 + x * small, 190 + y * small, "", PINK, small, small)
    p.text(780, 178, "y: 2 x 2", 13, SOFT)
    p.text(24, 372, "Each tile of x is transformed once for all F filters, each tile of m once for all C channels.", 14)
    return p


def block() -> Picture:
    """How the sixteen points of a block of tiles lie in memory."""
    p = Picture(860, 360, "The sixteen points of eight tiles lie side by side")
    p.text(24, 32, "A block: the 16 points of 8 neighbouring tiles (float32, registers of 256 bits)", 15, bold=True)
    wide = 50
    for point in range(16):
        p.cell(30 + point * wide, 78, f"point {point}", BLUE if point // 2 % 2 == 0 else ORANGE, wide, 34, 11)
    for line in range(8):
        p.box(30 + 2 * line * wide, 78, 2 * wide, 34, "none", INK, wide=2)
    p.text(30, 66, "memory; each cell is one register, each frame one cache line (64 bytes): two points share it", 13, SOFT)
    p.line(30, 112, 180, 148, LINE)
    p.line(30 + wide, 112, 180 + 8 * 62, 148, LINE)
    for lane in range(8):
        p.cell(180 + lane * 62, 148, f"tile {lane}", WHITE, 62, 28, 12)
    p.text(30, 167, "point 0: eight lanes", 13, SOFT)
    p.text(24, 216, "One channel after the other", 15, bold=True)
    for c in range(3):
        y = 230 + c * 32
        p.text(30, y + 18, f"channel {c}", 13)
        for b in range(4):
            p.cell(110 + 150 * b, y, f"block {b}: tiles {8 * b} to {8 * b + 7}", GREEN, 150, 26, 12)
        p.cell(710, y, "16 spare", GREY, 70, 26, 12)
    p.text(24, 346, "The spare line: without it the same block of all channels could fall on few places of the cache.", 13, SOFT)
    return p


PICTURES: tuple[Callable[[], Picture], ...] = (planes, phases, tile, dots, winograd, block)


def main() -> None:
    folder = Path(__file__).parent.parent / "docs" / "images"
    folder.mkdir(exist_ok=True)
    for draw in PICTURES:
        draw().save(folder / f"kernels-{draw.__name__}.svg")


if __name__ == "__main__":
    main()

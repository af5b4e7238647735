"""What the programs here make of what they have measured: medians, ratios, curves. Pure functions."""

import statistics
from xml.sax.saxutils import escape


def summary(values):
    """Median and spread of the values of the rounds."""
    values = list(values)
    return {"median": round(statistics.median(values)), "min": round(min(values)), "max": round(max(values))}


def ratio(ours, theirs):
    """How many times as fast ours is: the median over the rounds, each round's two runs compared with
    each other alone, because they are close in time and the next round's machine may be another."""
    pairs = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return {"median": round(statistics.median(pairs), 2), "min": round(min(pairs), 2), "max": round(max(pairs), 2)}


def rates(samples, key):
    """Growth of `key` a second between one sample and the next, as (time, rate)."""
    return [(after["seconds"], (after[key] - before[key]) / (after["seconds"] - before["seconds"]))
            for before, after in zip(samples, samples[1:]) if after["seconds"] > before["seconds"]]


def nice_ceiling(value):
    """The lowest of 1, 2, 2.5, 5 times a power of ten that is not below the value; 1 for nothing."""
    if value <= 0:
        return 1
    power = 1
    while power < value:
        power *= 10
    while power >= value * 10:
        power /= 10
    return next(step * power for step in (0.1, 0.2, 0.25, 0.5, 1) if step * power >= value * (1 - 1e-12))


def svg(title, panels, width=960, panel_height=200):
    """Curves under each other over the same seconds. Each panel is (label, points); points are
    (seconds, value) in order of time."""
    left, right, top, gap = 90, 20, 60, 50
    inner = width - left - right
    end = nice_ceiling(max((x for _, points in panels for x, _ in points), default=1))
    height = top + len(panels) * (panel_height + gap)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{left}" y="24" font-size="15">{escape(title)}</text>',
    ]
    for number, (label, points) in enumerate(panels):
        y_zero = top + number * (panel_height + gap) + panel_height
        highest = nice_ceiling(max((y for _, y in points), default=1))
        lines.append(f'<text x="{left}" y="{y_zero - panel_height - 4}">{escape(label)}</text>')
        for quarter in range(5):
            y = y_zero - panel_height * quarter / 4
            x = left + inner * quarter / 4
            lines.append(f'<line x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
            lines.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{highest * quarter / 4:g}</text>')
            lines.append(f'<text x="{x:.1f}" y="{y_zero + 16}" text-anchor="middle">{end * quarter / 4:g} s</text>')
        path = " ".join(f"{left + inner * x / end:.1f},{y_zero - panel_height * y / highest:.1f}" for x, y in points)
        lines.append(f'<polyline points="{path}" fill="none" stroke="#06c" stroke-width="1.5"/>')
    return "\n".join(lines) + "\n</svg>\n"

"""Whether two ways of asking take the same time: interleaved, so that what else the machine does meets both alike."""

import bisect
import math
import random
import statistics
import time


def ks_p(first, second):
    """The two-sample Kolmogorov-Smirnov test: how likely so large a distance is when both are of one kind."""
    first, second = sorted(first), sorted(second)
    distance = max(abs(bisect.bisect_right(first, value) / len(first) - bisect.bisect_right(second, value) / len(second))
                   for value in first + second)
    root = math.sqrt(len(first) * len(second) / (len(first) + len(second)))
    x = (root + 0.12 + 0.11 / root) * distance
    if x < 0.2:
        return 1.0
    return min(1.0, max(0.0, 2 * sum((-1) ** (k - 1) * math.exp(-2 * (k * x) ** 2) for k in range(1, 101))))


def rounds(ways, count, repeats=5):
    """For each round the nanoseconds of each way, in turns; drawn anew each time, so that none follows another always.
    A way makes what it asks, which takes no time, and then asks."""
    draw = random.Random(1)
    turns = list(range(len(ways)))
    measured = []
    for _ in range(repeats):
        times = [[] for _ in ways]
        for _ in range(count):
            draw.shuffle(turns)
            for way in turns:
                make, ask = ways[way]
                made = make()
                begin = time.perf_counter_ns()
                ask(made)
                times[way].append(time.perf_counter_ns() - begin)
        measured.append(times)
    return measured


def compare(measured, first, second):
    """For each round (how far the medians are apart, p)."""
    compared = []
    for times in measured:
        medians = [statistics.median(times[way]) for way in (first, second)]
        compared.append((abs(medians[0] / medians[1] - 1), ks_p(times[first], times[second])))
    return compared

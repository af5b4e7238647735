#!/usr/bin/env python3
"""Tests of figures.py."""

import unittest
import xml.etree.ElementTree as ElementTree

import figures


class FiguresTest(unittest.TestCase):
    def test_summary_is_median_and_spread(self):
        self.assertEqual(figures.summary([30, 10, 20]), {"median": 20, "min": 10, "max": 30})
        self.assertEqual(figures.summary(n for n in (10, 20)), {"median": 15, "min": 10, "max": 20})

    def test_ratio_compares_within_a_round(self):
        # The second round's machine was half as fast for both: that does not touch the ratio.
        self.assertEqual(figures.ratio([40, 20, 50], [10, 5, 10]), {"median": 4, "min": 4, "max": 5})

    def test_ratio_needs_both_of_each_round(self):
        with self.assertRaises(ValueError):
            figures.ratio([1, 2], [1])

    def test_rates_are_growth_by_time(self):
        samples = [{"seconds": 0, "n": 5}, {"seconds": 2, "n": 25}, {"seconds": 2, "n": 25}, {"seconds": 3, "n": 25}]
        self.assertEqual(figures.rates(samples, "n"), [(2, 10), (3, 0)])

    def test_nice_ceiling(self):
        for value, ceiling in [(0, 1), (1, 1), (1.1, 2), (2.3, 2.5), (3, 5), (7, 10), (1000, 1000), (0.03, 0.05),
                               (180_000, 200_000)]:
            self.assertAlmostEqual(figures.nice_ceiling(value), ceiling, msg=f"of {value}")

    def test_svg_draws_each_panel_to_scale(self):
        text = figures.svg("a < b", [("up", [(0, 0), (10, 100)]), ("none", [])], width=310, panel_height=100)
        root = ElementTree.fromstring(text)
        curves = [e.get("points") for e in root.iter("{http://www.w3.org/2000/svg}polyline")]
        # 90 from the left and 20 from the right stay free; the first panel is from 60 to 160.
        self.assertEqual(curves, ["90.0,160.0 290.0,60.0", ""])
        self.assertIn("a < b", [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")])


if __name__ == "__main__":
    unittest.main()

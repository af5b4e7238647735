"""The year-end report as a browser sees it: its figures, at every width, in both colour schemes, and nothing loaded.

The page is made from the sample statement by the program that FRIKORT_REPORT_PAGE names; what the tables must hold is
worked out again here.
"""

import html
import html.parser
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import browser
import frikort_server as fs

STATEMENT = fs.ROOT / "tests" / "golden" / "report_statement.json"
PHONE, DESK, WIDE = 360, 1000, 1280
DARK = "--blink-settings=preferredColorScheme=0"
LOADING_ATTRIBUTES = {"src", "srcset", "href", "xlink:href", "action", "formaction", "data", "poster", "background",
                      "ping", "manifest"}
# Measured in the page: what is wider than the window, texts of a plot that leave it or meet another one, colours.
MEASURE = """
function measure(frame) {
  const page = frame.contentWindow, root = page.document.documentElement;
  const wrong = [];
  if (root.scrollWidth > root.clientWidth) wrong.push(`the page is ${root.scrollWidth} wide`);
  for (const tile of page.document.querySelectorAll(".tiles dd"))
    if (tile.scrollWidth > tile.clientWidth + 1) wrong.push(`a tile is too narrow for ${tile.textContent}`);
  // A number must not be cut: a cell is as wide as its words, and only a table that scrolls leaves the window.
  for (const cell of page.document.querySelectorAll("td, tbody th")) {
    if (cell.closest(".scroll")) continue;
    const box = cell.getBoundingClientRect();
    if (box.right > root.clientWidth + 1 || box.left < -1 || cell.scrollWidth > cell.clientWidth + 1)
      wrong.push(`a cell is cut: ${cell.textContent}`);
  }
  const plots = page.document.querySelectorAll("svg.plot");
  for (const plot of plots) {
    const outer = plot.getBoundingClientRect(), seen = [];
    for (const text of plot.querySelectorAll("text")) {
      const box = text.getBoundingClientRect(), words = text.textContent;
      if (box.left < outer.left || box.right > outer.right || box.top < outer.top || box.bottom > outer.bottom)
        wrong.push(`${words} leaves its plot`);
      for (const [other, theirs] of seen)
        if (box.left < other.right && other.left < box.right && box.top + 3 < other.bottom && other.top + 3 < box.bottom)
          wrong.push(`${words} lies on ${theirs}`);
      seen.push([box, words]);
    }
  }
  const colours = {};
  for (const name of ["paper", "tile", "ink", "quiet", "good", "bad", "s0", "s1", "s2"])
    colours[name] = page.getComputedStyle(root).getPropertyValue("--" + name).trim();
  return {wrong, plots: plots.length, colours};
}
onload = () => {
  document.body.textContent = JSON.stringify([...document.querySelectorAll("iframe")].map(measure));
};
"""


class Page(html.parser.HTMLParser):
    """What the tests ask of a page: tables by caption, definitions, headings, attributes that load something."""

    VOID = {"meta", "link", "br", "img", "input", "hr"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tables, self.definitions, self.headings = [], {}, {}, []
        self.loads, self.tags, self.styles, self.ids, self.references = [], [], "", [], []
        self.words, self.caption, self.term, self.bad_headers, self.captions = "", "", "", 0, []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        self.loads += [value for name, value in attrs if name in LOADING_ATTRIBUTES]
        self.styles += attributes.get("style") or ""
        if "id" in attributes:
            self.ids.append(attributes["id"])
        self.references += (attributes.get("aria-labelledby") or "").split()
        if tag == "th" and attributes.get("scope") != ("col" if "thead" in self.open else "row"):
            self.bad_headers += 1
        if tag == "tr":
            self.tables[self.caption].append([])
        if tag == "ul" and "figcaption" in self.open:
            self.captions.append(self.words)
        if tag in ("caption", "figcaption", "th", "td", "dt", "dd", "h1", "h2", "title"):
            self.words = ""

    def handle_endtag(self, tag):
        if tag in self.VOID:
            return
        while self.open.pop() != tag:
            pass
        if tag == "caption":
            self.caption = self.words
            self.tables[self.caption] = []
        elif tag in ("th", "td"):
            self.tables[self.caption][-1].append(self.words)
        elif tag == "dt":
            self.term = self.words
        elif tag == "dd":
            self.definitions.setdefault(self.term, self.words)  # not what explains the word
        elif tag in ("h1", "h2"):
            self.headings.append((tag, self.words))

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.styles += data
        else:
            self.words += data


def number(value):
    return f"{value:,}".replace(",", "\u2009")


def kroner(ore):
    sign = "\u2212" if ore < 0 else ""
    return f"{sign}{number(abs(ore) // 100)},{abs(ore) % 100:02}"


def percent(part, whole):
    return f"{100 * part / whole:.2f}\u00a0%".replace(".", ",")


def contrast(one, other):
    """The contrast ratio of two colours as WCAG 2 defines it; colours as #rgb or #rrggbb."""
    def luminance(colour):
        digits = colour.lstrip("#")
        digits = "".join(c + c for c in digits) if len(digits) == 3 else digits
        parts = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class ReportCase(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        browser.require_programs("chromium")
        cls.folder = tempfile.mkdtemp(prefix="frikort-e2e-report-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.statement = json.loads(STATEMENT.read_bytes())
        cls.text = cls.render(cls.statement)
        cls.dom, cls.console = cls.browse(cls.text)
        cls.page = Page(cls.dom)

    @classmethod
    def render(cls, statement):
        program = os.environ.get("FRIKORT_REPORT_PAGE", fs.ROOT / "build" / "release" / "tests" / "report_page_sample")
        done = subprocess.run([program], input=json.dumps(statement).encode(), capture_output=True, timeout=60,
                              check=False)
        if done.returncode != 0:
            raise AssertionError(f"no page: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode()

    @classmethod
    def browse(cls, text, *options):
        """Opens a page in the browser; gives the document as it became, and what the console said."""
        document, errors = browser.document_of(cls.folder, text, "--enable-logging=stderr", "--window-size=1200,900",
                                               *options)
        return document, [line for line in errors.splitlines() if "CONSOLE" in line]

    @classmethod
    def measure(cls, *shown, options=()):
        """What MEASURE finds in each page when it is shown at a width in CSS pixels; shown are pairs of the two."""
        frames = "".join(f"<iframe style='width:{width}px;height:700px;border:0' srcdoc='{html.escape(text, quote=True)}'>"
                         "</iframe>" for text, width in shown)
        # Without its encoding the browser guesses, and guesses wrong when only the beginning has been read.
        dom, _ = cls.browse(f"<!DOCTYPE html><meta charset=utf-8><body>{frames}<script>{MEASURE}</script>", *options)
        return json.loads(html.unescape(re.search(r"<body>(.*)</body>", dom, re.DOTALL)[1]))


class FiguresTest(ReportCase):

    def assert_table(self, caption, expected):
        self.assertIn(caption, self.page.tables)
        self.assertEqual(self.page.tables[caption][1:], expected, caption)

    def test_title_and_coverage(self):
        self.assertEqual(self.page.headings[0], ("h1", "Co-payments of 2025: statement 2025-2"))
        self.assertEqual(self.page.definitions["Journal position"], self.statement["position"])
        self.assertEqual(self.page.definitions["Root"], self.statement["root"][:12] + "…")
        self.assertIn(f'title="{self.statement["root"]}"', self.dom)
        self.assertIn("No differences", self.dom)

    def test_each_title_stands_once(self):
        titles = [title for _, title in self.page.headings[1:]] + list(self.page.tables) + self.page.captions
        self.assertEqual(len(titles), len(set(titles)), titles)

    def test_key_figures(self):
        totals, definitions, refunds = self.statement["totals"], self.page.definitions, self.statement["refunds"]
        self.assertEqual(definitions["Co-payments"], number(totals["registrations"]))
        self.assertEqual(definitions["Counted, kroner"], kroner(totals["countedOre"]))
        self.assertEqual(definitions["Refunds due, kroner"], kroner(totals["refundedOre"]))
        self.assertEqual(definitions["Exemption cards"], number(totals["cards"]))
        self.assert_table("From what is due to what is to be paid now", [
            ["Due for the year", number(totals["payouts"]), kroner(refunds["dueOre"])],
            ["− named by the statements before", "–", kroner(-refunds["namedOre"])],
            ["Together: now", "–", kroner(refunds["toPayOre"])],
            ["of which to pay", number(refunds["payPersons"]), kroner(refunds["payOre"])],
            ["of which to take back", number(refunds["takeBackPersons"]), kroner(refunds["takeBackOre"])]])

    def test_tables_add_up(self):
        def value(text):
            return int(re.sub("[\u2009,]", "", text).replace("\u2212", "-"))
        # Rows above the sum that are no part of it.
        no_parts = {"From cards to refunds": 1, "Avoidable payments": 1}
        added = 0
        for caption, rows in self.page.tables.items():
            end = next((at for at, row in enumerate(rows) if row[0].startswith("Together")), None)
            for column in range(1, len(rows[end]) if end else 0):
                cells = [row[column] for row in rows[1 + no_parts.get(caption, 0):end + 1]]
                if "–" not in cells:
                    self.assertEqual(value(cells[-1]), sum(map(value, cells[:-1])), (caption, column))
                    added += 1
        self.assertEqual(added, 2 + 1 + 1 + 2 + 4 + 1)

    def test_limits_and_targets(self):
        self.assert_table("Limits and targets", [
            [f"{limit['days']} days", number(limit["within"]), percent(limit["share"], 1), percent(limit["target"], 1),
             "met" if limit["isMet"] else "missed"] for limit in self.statement["timeliness"]["limits"]])

    def test_curve_by_day(self):
        by_lag = self.statement["timeliness"]["byLag"]
        rows = self.page.tables["Day by day (row + column), per cent (scroll to the right for more)"]
        self.assertEqual(rows[0], ["Days", *(f"+{i}" for i in range(10))])
        self.assertGreaterEqual(len(rows), 1 + 7, "days 0 to 60 or more")
        for tens, row in enumerate(rows[1:]):
            shares = (100 * sum(by_lag[:10 * tens + i + 1]) / sum(by_lag) for i in range(10))
            self.assertEqual(row, [str(10 * tens), *(f"{share:.2f}".replace(".", ",") for share in shares)])

    def test_months(self):
        self.assert_table("By month of service", [
            [row["month"], number(row["count"]), *(percent(row[f"within{days}"], row["count"]) for days in (16, 24, 32))]
            for row in self.statement["timeliness"]["byMonth"]])
        months = self.statement["cardsByMonth"]
        self.assert_table("Cards", [
            *([row["month"], number(row["issued"]), number(row["entitled"])] for row in months),
            ["Together", *(number(sum(row[name] for row in months)) for name in ("issued", "entitled"))]])

    def test_practices(self):
        rows = self.page.tables["Practices with the most co-payments that came after more than 32 days"][1:]
        self.assertEqual(rows, [
            [row["practiceId"], number(row["registrations"]), number(row["registrations"] - row["within32"]),
             percent(row["within32"], row["registrations"]), kroner(row["costByLatenessOre"])]
            for row in self.statement["latestPractices"]])

    def test_service_types_and_lateness(self):
        rows = self.page.tables["Amounts are in kroner"][1:-1]
        self.assertEqual([[row[0].split()[0], *row[1:]] for row in rows], [
            [row["serviceType"], number(row["registrations"]), kroner(row["amountOre"]), kroner(row["countedOre"]),
             kroner(row["refundedOre"])] for row in self.statement["serviceTypes"]])
        cost = self.statement["latenessCost"]
        self.assertEqual([row[1] for row in self.page.tables["Avoidable payments"][1:]], [
            number(cost["persons"]), *(kroner(cost[name]) for name in
                                       ("byLatenessOre", "despiteCardOre", "overpaidOre", "oreDays"))])

    def test_changes(self):
        changes = self.statement["changes"]
        self.assertEqual([row[1] for row in self.page.tables["Came since then"][1:]],
                         [number(changes[name]) for name in ("copayments", "payments", "creditNotes")])
        expected = []
        for name, change in changes["totals"].items():
            value = kroner(change) if name.endswith("Ore") else number(change).replace("-", "\u2212")
            expected.append("+" + value if change > 0 else value)
        self.assertEqual([row[1] for row in self.page.tables["Changes of the totals"][1:]], expected)

    def test_differences(self):
        found = {"count": 12, "byKind": {"sumDiffers": 11, "card<Missing>": 1, "cardDiffers": 0}}
        dom, console = self.browse(self.render({**self.statement, "differences": found, "previous": None,
                                                "changes": None}))
        page = Page(dom)
        self.assertEqual(page.tables["Kinds"][1:], [["sumDiffers", "11"], ["card<Missing>", "1"]])
        self.assertNotIn("No differences", dom)
        self.assertNotIn(("h2", "Changes since the last statement"), page.headings)
        self.assertEqual(console, [])


class PageTest(ReportCase):

    def test_nothing_is_loaded_and_nothing_runs(self):
        for page in (Page(self.text), self.page):
            self.assertEqual([value for value in page.loads if not value.startswith("#")], [])
            self.assertEqual({"script", "link", "img", "iframe", "object", "embed"} & set(page.tags), set())
            self.assertNotRegex(page.styles, r"url\(|@import|https?:")
        self.assertNotRegex(self.text, r"https?://")
        self.assertEqual(self.console, [])

    def test_the_page_forbids_loading(self):
        """The policy of the page is what makes an empty console a proof; so it must be seen to work."""
        for intruder in ('<img src="http://127.0.0.1:9/x.png">', '<script>document.title = "ran"</script>'):
            dom, console = self.browse(self.text.replace("</main>", intruder + "</main>"))
            self.assertTrue(any("Content Security Policy" in line for line in console), (intruder, console))
            self.assertNotIn("<title>ran</title>", dom)

    def test_accessible_structure(self):
        page = self.page
        self.assertEqual([level for level, _ in page.headings].count("h1"), 1)
        self.assertGreaterEqual([level for level, _ in page.headings].count("h2"), 8)
        self.assertEqual(page.bad_headers, 0, "th without the right scope")
        self.assertEqual(page.tags.count("table"), page.tags.count("caption"))
        self.assertEqual(len(page.ids), len(set(page.ids)), "ids are unique")
        self.assertEqual(set(page.references) - set(page.ids), set(), "what a label refers to is there")
        self.assertEqual(self.dom.count('role="img"'), 3)
        self.assertEqual(page.tags.count("desc"), 3)

    def test_fits_a_phone_and_a_desk_also_with_the_figures_of_a_nation(self):
        nation = json.loads(json.dumps(self.statement))
        nation["totals"].update(registrations=95_369_228, countedOre=2_563_751_496_000, refundedOre=284_861_277_000)
        for month in nation["cardsByMonth"]:
            month["issued"] *= 100
        nation["cardsByMonth"] += [{"month": f"2026-{month:02}", "issued": 1, "entitled": 0} for month in range(6, 13)]
        shown = [(text, width) for text in (self.text, self.render(nation)) for width in (PHONE, 390, DESK, WIDE)]
        for found, (_, width) in zip(self.measure(*shown), shown, strict=True):
            self.assertEqual(found["plots"], 3)
            self.assertEqual(found["wrong"], [], f"at {width} pixels")

    def test_contrast_in_both_colour_schemes(self):
        light, = self.measure((self.text, DESK))
        dark, = self.measure((self.text, DESK), options=[DARK])
        light, dark = light["colours"], dark["colours"]
        self.assertNotEqual(light["paper"], dark["paper"])
        for colours in (light, dark):
            for ground in ("paper", "tile"):
                for name in ("ink", "quiet", "good", "bad"):
                    self.assertGreaterEqual(contrast(colours[name], colours[ground]), 4.5, (name, ground, colours))
            for name in ("s0", "s1", "s2"):
                self.assertGreaterEqual(contrast(colours[name], colours["paper"]), 3, (name, colours))


if __name__ == "__main__":
    unittest.main()

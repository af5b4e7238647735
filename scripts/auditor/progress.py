"""Says how far the audit is."""

import json
import sys
import time


class Progress:
    """How far it is, on standard error: one line that changes on a terminal, else a JSON line a second."""

    def __init__(self, total):
        self.total, self.begin = max(1, total), time.monotonic()
        self.next, self.is_terminal = self.begin + 1, sys.stderr.isatty()

    def show(self, done, entries):
        now = time.monotonic()
        if now < self.next and done != self.total:
            return
        self.next = now + (0.2 if self.is_terminal else 1)
        rate = round(entries / max(now - self.begin, 1e-9))
        if self.is_terminal:
            end = "\n" if done == self.total else ""
            print(f"\rjournal {100 * done / self.total:3.0f} %, {entries} entries, {rate}/s\033[K", end=end,
                  file=sys.stderr, flush=True)
        else:
            print(json.dumps({"phase": "journal", "unit": "bytes", "done": done, "total": self.total,
                              "entries": entries, "entriesPerSecond": rate}), file=sys.stderr, flush=True)

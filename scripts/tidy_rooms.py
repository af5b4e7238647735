"""The rooms of scripts/tidy.py: sub-folders that are libraries of their own.

Arrows between rooms point one way: each room names those that it uses, and these stand before it.
"""

import re

from tidy_code import code_of, line_of, skip_pair

# Within these, what a sub-folder may include is said by its line frikort_library(... USES ...) in the
# CMakeLists.txt of the folder.
ROOMED = ("ledger", "storage", "ingest", "api")
# Interfaces that are made to be implemented by those above: ARCHITECTURE.md says why.
PORTS = {"Journal", "NumberVault", "Store"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
LIBRARY = re.compile(r"^frikort_library\(\s*([\w/]+)([^)]*)\)", re.MULTILINE)
DEFINITION = re.compile(r"^[ \t]*(?:template\s*<[^{};]*>\s*)?(?:class|struct)\s+(\w+)(?:\s+final)?"
                        r"\s*(?::(?!:)([^{};]*))?\{", re.MULTILINE)
FORWARD = re.compile(r"^[ \t]*(?:class|struct)\s+(\w+)\s*;", re.MULTILINE)
PURE_VIRTUAL = re.compile(r"\)\s*(?:const\s*)?(?:noexcept\s*)?=\s*0\s*;")


class Rooms:
    """The rooms of a tree, in the order in which they are declared, with what each uses."""

    def __init__(self, root, files):
        self.uses = {}
        self.lines = {}
        self.findings = []
        for folder in ROOMED:
            path = f"{folder}/CMakeLists.txt"
            if path in files:
                self.read(path, (root / path).read_text(encoding="utf-8"))
        self.texts = {path: (root / path).read_text(encoding="utf-8", errors="replace")
                      for path in files if path.endswith((".h", ".cc")) and self.of(path)}
        self.codes = {path: code_of(text) for path, text in self.texts.items()}

    def read(self, path, text):
        for match in LIBRARY.finditer(re.sub(r"#.*", "", text)):
            room, line = match[1], line_of(text, text.find(f"frikort_library({match[1]}"))
            words = re.split(r"\bUSES\b", match[2])
            used = re.split(r"\b(?:LINKS|SOURCES)\b", words[1])[0].split() if len(words) > 1 else []
            for other in used:
                if other not in self.uses:
                    self.findings.append((path, line, "rooms", (
                        f"{room} uses {other}, which does not stand above it: turn the arrow")))
            self.uses[room], self.lines[room] = used, (path, line)

    def of(self, path):
        room = "/".join(path.split("/")[:2])
        return room if room in self.uses and path.count("/") == 2 else None

    def arrows(self):
        """(room, other room) -> how many includes."""
        counts = {}
        for path, text in self.texts.items():
            room = self.of(path)
            for match in INCLUDE.finditer(text):
                other = self.of(match[1])
                if other and other != room:
                    counts[room, other] = counts.get((room, other), 0) + 1
        return counts

    def check(self):
        yield from self.findings
        yield from self.check_includes()
        yield from self.check_classes()
        arrows = self.arrows()
        for room, used in self.uses.items():
            for other in used:
                if other in self.uses and (room, other) not in arrows:
                    yield *self.lines[room], "rooms", f"{room} does not include {other}; take it out of USES"

    def check_includes(self):
        for path, text in self.texts.items():
            room = self.of(path)
            for match in INCLUDE.finditer(text):
                line, header = line_of(text, match.start()), match[1]
                other = self.of(header)
                if other and other != room and other not in self.uses[room]:
                    yield path, line, "rooms", (
                        f"{room} does not use {other}: turn the arrow, or add it to USES in "
                        f"{self.lines[room][0]} (here: {header})")

    def check_classes(self):
        """Arrows that are hidden: types and implementations of other rooms, without an include."""
        homes, bases = {}, {}
        for path, code in self.codes.items():
            for match in DEFINITION.finditer(code):
                homes.setdefault(match[1], set()).add(self.of(path))
                for base in re.findall(r"(\w+)\s*(?:<[^,]*>)?\s*(?:,|$)", (match[2] or "").strip()):
                    bases.setdefault(base, set()).add(self.of(path))
        for path, code in self.codes.items():
            room = self.of(path)
            for match in FORWARD.finditer(code):
                if homes.get(match[1], {room}) and room not in homes.get(match[1], {room}):
                    yield path, line_of(code, match.start()), "forward-declaration", (
                        f"{match[1]} belongs to {', '.join(sorted(homes[match[1]]))}: include it, or "
                        "turn the arrow")
            for match in DEFINITION.finditer(code):
                name, body = match[1], code[match.end() - 1:skip_pair(code, match.end() - 1)]
                implemented = bases.get(name, set())
                if (name not in PORTS and PURE_VIRTUAL.search(body) and implemented
                        and room not in implemented):
                    yield path, line_of(code, match.start(1)), "interface", (
                        f"{name} is implemented in {', '.join(sorted(implemented))} only: hand over a "
                        "function or a value, or name it among PORTS and in ARCHITECTURE.md")

    def graph(self):
        arrows = self.arrows()
        for room, used in self.uses.items():
            shown = ", ".join(f"{other} {arrows.get((room, other), 0)}" for other in sorted(used))
            count = sum(self.of(path) == room for path in self.texts)
            yield f"{room} ({count} files) -> {shown or 'nothing'}"


def check_place(path, rooms):
    """A file of a folder with rooms stands in one of them."""
    folder = path.split("/")[0]
    if folder in ROOMED and any(room.startswith(folder + "/") for room in rooms.uses) \
            and not rooms.of(path):
        yield 1, "rooms", f"move it into a sub-folder that {folder}/CMakeLists.txt names"

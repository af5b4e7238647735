"""Reads C++ as far as scripts/tidy.py needs: without comments and strings, and by its brackets."""

import re

TOKEN = re.compile(
    r"""(?P<comment> //(?:\\\n|[^\n])* | /\*.*?\*/ )
      | (?P<raw> (?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)" )
      | (?P<string> "(?:\\.|[^"\\\n])*" )
      | (?P<number> \.?\d(?:'?[\w.])* )
      | (?P<character> '(?:\\.|[^'\\\n])+' )
      | (?P<word> [A-Za-z_]\w* )""",
    re.VERBOSE | re.DOTALL)


def blank(text):
    """The same number of characters and lines, nothing else."""
    return re.sub(r"[^\n]", " ", text)


def code_of(text):
    """The source with comments, contents of strings and preprocessor lines made blank, so that
    the rules see code only; every character keeps its place."""
    def replace(match):
        if match["comment"]:
            return blank(match[0])
        if match["raw"] or match["string"]:
            return '"' + blank(match[0][1:-1]) + '"'
        if match["character"]:
            return "'" + " " * (len(match[0]) - 2) + "'"
        return match[0]
    code = TOKEN.sub(replace, text)
    return re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: blank(m[0]), code, flags=re.MULTILINE)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def skip_back(code, end):
    while end > 0 and code[end - 1].isspace():
        end -= 1
    return end


def skip_pair(code, start):
    """The place after the bracket that closes the one at `start`."""
    depth = 0
    for place in range(start, len(code)):
        if code[place] in "([{":
            depth += 1
        elif code[place] in ")]}":
            depth -= 1
            if depth == 0:
                return place + 1
    return len(code)

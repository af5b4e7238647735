"""The rule about co_await of scripts/tidy.py.

g++ 12 destroys some temporaries of a statement with co_await twice: captures of a lambda, and
braced temporaries of aggregates. They must be named on the line above and moved in.
"""

import re

from tidy_code import line_of, skip_back, skip_pair

# A brace after one of these words opens a block.
BLOCK_WORDS = {"else", "do", "try", "noexcept", "mutable", "const", "override", "final"}
TYPE_WORDS = {"struct", "class", "union", "enum", "namespace", "concept"}
# A name after one of these words is an expression, not the declaration of a variable.
EXPRESSION_WORDS = {"return", "co_return", "co_await", "co_yield", "throw", "case", "else", "new"}


def word_before(code, end):
    end = skip_back(code, end)
    match = re.search(r"[A-Za-z_]\w*$", code[max(0, end - 80):end])
    return match[0] if match else ""


def type_before(code, end):
    """The start of the type name a::b<c> that ends at `end`; `end` itself when there is none."""
    start = end = skip_back(code, end)
    while True:
        place = skip_back(code, start)
        if place and code[place - 1] == ">" and code[place - 2:place] != "->":
            depth = 0
            while place > 0:
                place -= 1
                if code[place] in ";{}":
                    return end
                depth += (code[place] == ">") - (code[place] == "<")
                if depth == 0:
                    break
        name = word_before(code, place)
        if not name or name in BLOCK_WORDS | EXPRESSION_WORDS:
            return start
        start = skip_back(code, place) - len(name)
        before = skip_back(code, start)
        if code[before - 2:before] != "::":
            return start
        start = before - 2


def kind_of_brace(code, place):
    """What the brace at `place` opens: 'block', 'declaration' (T name{}, = {}), or 'temporary'."""
    end = skip_back(code, place)
    if end == 0 or code[end - 1] in ";{}:]":
        return "block"
    last = code[end - 1]
    if last == ")":
        return "block"  # of a function, a lambda or a control statement
    if last in "(,":
        return "temporary"
    if last == ">" or last.isalnum() or last == "_":
        start = type_before(code, end)
        if start == end:
            word = word_before(code, end)
            return "declaration" if word in EXPRESSION_WORDS - {"else"} else "block"
        before = skip_back(code, start)
        if code[before - 2:before] == "->":
            return "block"  # of a lambda or function with its result type behind
        word = word_before(code, before)
        if word in TYPE_WORDS:
            return "block"
        declares = word and word not in EXPRESSION_WORDS or code[before - 1:before] in ("&", "*") \
            and code[before - 2:before] != "&&" or code[before - 1:before] == ">"
        return "declaration" if declares else "temporary"
    return "declaration"


def statement_start(code, place):
    depth = 0
    while place > 0:
        place -= 1
        character = code[place]
        if character in ")]":
            depth += 1
        elif character in "([":
            depth = max(0, depth - 1)
        elif character == "}":
            following = code[place + 1:].lstrip()[:1]
            if depth == 0 and following not in set(",).;]}:?<>=|&-+("):
                return place + 1
            opened = 1  # a brace inside the statement: pass over it
            while place > 0 and opened:
                place -= 1
                opened += (code[place] == "}") - (code[place] == "{")
        elif character == "{":
            if kind_of_brace(code, place) == "block":
                return place + 1
        elif character == ";" and depth == 0:
            return place + 1
    return 0


def statement_end(code, start):
    """Past the last character of the statement; the block of an if, for or while is not in it."""
    place, depth = start, 0
    control = re.match(r"\s*(?:\}?\s*else\s+)?(?:if|for|while|switch)\b", code[start:start + 200])
    while place < len(code):
        character = code[place]
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
            if depth < 0 or (depth == 0 and control and character == ")"):
                return place
        elif character == "{":
            place = skip_pair(code, place)
            continue
        elif character == "}" or (character == ";" and depth == 0):
            return place
        place += 1
    return place


def lambdas(code, start, end):
    """Each lambda of code[start:end] as (place of [, captures, place of the body, its end)."""
    for place in range(start, end):
        if code[place] != "[" or code[place + 1] == "[" or code[place - 1] == "[":
            continue
        before = skip_back(code, place)
        if before and (code[before - 1] in ")]\"" or code[before - 1].isalnum()
                       or code[before - 1] == "_"):
            if word_before(code, before) not in EXPRESSION_WORDS:
                continue  # a subscript
        close = skip_pair(code, place)
        body = code.find("{", close, end)
        yield (place, code[place + 1:close - 1].strip(), body if body >= 0 else end,
               skip_pair(code, body) if body >= 0 else end)


def check_co_await(code):
    seen = set()
    for match in re.finditer(r"\bco_await\b", code):
        start = statement_start(code, match.start())
        if start in seen:
            continue
        seen.add(start)
        end = statement_end(code, start)
        bodies = []
        for place, captures, body, body_end in lambdas(code, start, end):
            bodies.append((body, body_end))
            if captures and not any(a < place < b for a, b in bodies[:-1]):
                yield line_of(code, place), "co-await-lambda", (
                    "g++ 12 destroys its captures twice; name the lambda on the line above and "
                    "std::move it in")
        for place in range(start, end):
            if code[place] != "{" or any(a <= place < b for a, b in bodies):
                continue
            if kind_of_brace(code, place) == "temporary":
                yield line_of(code, place), "co-await-temporary", (
                    "g++ 12 destroys a braced temporary twice; name it on the line above and "
                    "std::move it in")

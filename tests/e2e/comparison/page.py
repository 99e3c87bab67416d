"""Reads docs/comparison.md: its tables are the rules that the checks run.

A row has three cells: the capability that a rival documents, Brownout's rule, and the verdict. The
rule stands in code spans. Each span that begins with a key of a rule is one [[rule]], in the
notation of an inline table of TOML; other spans are prose.
"""
import re
import tomllib
from dataclasses import dataclass

KEYS = ("name", "match", "probability", "per", "start", "duration", "ramp", "repeat", "windows", "max_active_faults",
        "fault", "preset")
VERDICTS = ("same", "other way", "no")


@dataclass(frozen=True)
class Row:
    section: str
    capability: str
    rules: tuple
    verdict: str
    line: int

    @property
    def name(self):
        return f"{self.section}: {self.capability}"


def cells(line):
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def is_rule(span):
    return re.match(rf"({'|'.join(KEYS)})\s*=", span)


def rules_of(cell):
    """The rules in a cell, as the lines of a rule file."""
    spans = [span for span in re.findall(r"`([^`]+)`", cell) if is_rule(span)]
    for span in spans:
        tomllib.loads("rule = { " + span + " }")
    return tuple("[[rule]]\n" + "\n".join(top_level(span)) + "\n" for span in spans)


def top_level(span):
    """Splits `a = 1, b = { c = 2, d = 3 }` at the commas outside braces, brackets and quotes."""
    parts, depth, quoted, begin = [], 0, False, 0
    for place, character in enumerate(span):
        if character == '"' and span[place - 1:place] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += (character in "{[") - (character in "}]")
            if character == "," and depth == 0:
                parts.append(span[begin:place].strip())
                begin = place + 1
    return parts + [span[begin:].strip()]


def read(path):
    """The rows of the page, and its first sentence with the three counts."""
    rows, section, counts = [], None, None
    with open(path, encoding="utf-8") as page:
        for number, line in enumerate(page, 1):
            if line.startswith("## "):
                section = line[3:].strip()
            found = re.search(r"(\d+) same, (\d+) other way, (\d+) no", line)
            if found and counts is None:
                counts = tuple(int(count) for count in found.groups())
            if line.startswith("|") and section and not re.match(r"\|[-|]+\|$", line.strip()):
                row = cells(line)
                if len(row) == 3 and row[2] in VERDICTS:
                    rows.append(Row(section, row[0], rules_of(row[1]), row[2], number))
                elif row[0] != "capability":
                    raise ValueError(f"{path}:{number}: expected a capability, a rule and one of {VERDICTS}")
    return rows, counts

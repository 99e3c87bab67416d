"""Runs each rule of docs/comparison.md with real clients and servers.

  run.py BROWNOUT FOLDER [PART OF A ROW'S NAME]

FOLDER gets the files of the run. Every row needs a check of its name, and the counts that the page
prints must be those of its rows.
"""
import collections
import concurrent.futures
import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab
import page
from checks import registry
import http_requests, others, packets  # noqa: F401 (their checks register themselves)


def attempt(row):
    """The error of a check, or None."""
    try:
        registry[row.name](row)
        return None
    except Exception as error:  # noqa: BLE001 (any error of a check is its result)
        return f"{row.name} (line {row.line}): {error!r}\n{traceback.format_exc()}"


def main():
    lab.brownout, lab.folder = os.path.abspath(sys.argv[1]), sys.argv[2]
    part = sys.argv[3] if len(sys.argv) > 3 else ""
    rows, printed = page.read(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../docs/comparison.md"))
    wrong = []
    names = {row.name for row in rows}
    wrong += [f"{name}: this check has no row in docs/comparison.md" for name in registry if name not in names]
    wrong += [f"{row.name} (line {row.line}): this row has no check" for row in rows
              if row.verdict != "no" and row.name not in registry]
    counts = collections.Counter(row.verdict for row in rows)
    counted = tuple(counts[verdict] for verdict in page.VERDICTS)
    if counted != printed:
        wrong.append(f"docs/comparison.md has {counted} rows (same, other way, no), but prints {printed}")
    chosen = [row for row in rows if row.name in registry and part in row.name]
    # Most checks wait most of the time.
    with concurrent.futures.ThreadPoolExecutor(max_workers=3 * (os.cpu_count() or 1)) as pool:
        errors = list(pool.map(attempt, chosen))
    # The checks measure time, and the machine may be busy: what failed runs again, by itself.
    for row in [row for row, error in zip(chosen, errors) if error]:
        if attempt(row):
            time.sleep(2)
            if error := attempt(row):
                wrong.append(error)
    for line in wrong:
        print("FAILED:", line, file=sys.stderr)
    print(f"{len(chosen)} rows were run, {len(wrong)} failed; {counted[0]} same, {counted[1]} other way, {counted[2]} no")
    return 1 if wrong else 0


sys.exit(main())

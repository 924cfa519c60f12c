#!/usr/bin/python3
"""Shows what became slower, or faster, between two files of results of `script/bench`.

    compare.py [--threshold PERCENT] OLD.json NEW.json

Rows that changed by less than 10 % are noise and not shown. Numbers of two machines say nothing:
then only the ratios to the peers of the same run are compared, as ratios.json names them. Exits
with 1 if something became slower. What is too small for a clock is counted in instructions by
tests/instructions/check.py.
"""

import argparse
import json
import pathlib
import sys

from results import read_results, times_better

RATIOS = pathlib.Path(__file__).with_name("ratios.json")


def ratios_of(rows):
    ratios = {}
    for one in json.loads(RATIOS.read_text(encoding="utf-8")):
        peer = one.get("peer")
        if peer and tuple(one["ours"]) in rows and tuple(peer) in rows:
            ratios[one["capability"] + ": " + one["what"]] = times_better(
                rows[tuple(one["ours"])], rows[tuple(peer)])
    return ratios


def changes(old, new, same_machine):
    """Name -> how many times better the new one is."""
    if same_machine:
        # A pause that was too short for the clock is no number to divide by.
        return {": ".join(key): times_better(new[key], old[key]) for key in old
                if key in new and old[key]["value"] and new[key]["value"]}
    before, after = ratios_of(old), ratios_of(new)
    return {what: after[what] / before[what] for what in before if what in after}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threshold", type=float, default=10, metavar="PERCENT")
    parser.add_argument("old", type=pathlib.Path)
    parser.add_argument("new", type=pathlib.Path)
    options = parser.parse_args()
    old, old_rows = read_results(options.old)
    new, new_rows = read_results(options.new)
    same_machine = all(old["conditions"].get(key) == new["conditions"].get(key)
                       for key in ("machine", "compiler"))
    if not same_machine:
        print("other machines or compilers: only ratios to peers are compared")
    factor = 1 + options.threshold / 100
    all_changes = changes(old_rows, new_rows, same_machine)
    slower = {what: change for what, change in all_changes.items() if change < 1 / factor}
    faster = {what: change for what, change in all_changes.items() if change > factor}
    for words, which in (("slower", slower), ("faster", faster)):
        for what, change in sorted(which.items(), key=lambda item: item[1]):
            print(f"{words}  {change:6.2f} x  {what}")
    gone = sorted(": ".join(key) for key in set(old_rows) - set(new_rows))
    if gone:
        print(f"no longer there: {'; '.join(gone)}")
    print(f"{len(all_changes)} compared: {len(slower)} slower, {len(faster)} faster, by more than "
          f"{options.threshold:g} %")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())

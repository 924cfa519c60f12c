#!/usr/bin/python3
"""Makes a file of results, and the table of ratios, of what the benchmarks have printed.

    record.py OUTPUT RESULTS [README]

OUTPUT is the folder that `script/bench` has filled: `conditions.txt`, a `bench_STEM.json` of Google
Benchmark or a `PROGRAM.txt` for each program. RESULTS is the folder for `DATE-CPU.json`. The ratios
that ratios.json names are printed as a table of Markdown, and written between the marks in README
if all programs have run. Where a goal is missed, the `why` of ratios.json stands beside it.
"""

import datetime
import json
import pathlib
import re
import sys

from results import UNITS, base_value, is_less_better, read_results, times_better

HERE = pathlib.Path(__file__).parent
MARKS = ("<!-- ratios: made by script/bench -->\n", "<!-- end of ratios -->\n")
# "NAME  12.3 us ...": the first number that has a unit.
ROW = re.compile(r"^\s*(\S.*?)\s+(\d[\d,]*(?:\.\d+)?) (" + "|".join(map(re.escape, UNITS)) +
                 r")(?![\w/])")


def rows_of_text(program, text):
    for line in text.splitlines():
        found = ROW.match(line)
        if found:
            yield {"program": program, "name": re.sub(r"\s+", " ", found[1]),
                   "value": float(found[2].replace(",", "")), "unit": found[3]}


def rows_of_google(program, text):
    for one in json.loads(text)["benchmarks"]:
        if one.get("error_occurred"):
            sys.exit(f"{program}: {one['name']}: {one['error_message']}")
        if one.get("run_type") == "aggregate":
            continue
        name = one["name"].split("/min_time:")[0]
        yield {"program": program, "name": name, "value": one["real_time"],
               "unit": one["time_unit"]}
        if "bytes_per_second" in one:
            yield {"program": program, "name": name + " bytes",
                   "value": one["bytes_per_second"] / 1e9, "unit": "GB/s"}
        if "items_per_second" in one:
            yield {"program": program, "name": name + " items",
                   "value": one["items_per_second"], "unit": "records/s"}


def read_output(folder):
    rows = []
    for path in sorted(folder.iterdir()):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            rows += rows_of_google(path.stem, text)
        elif path.name != "conditions.txt":
            rows += rows_of_text(path.stem, text)
    return rows


def read_conditions(folder):
    lines = (folder / "conditions.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(maxsplit=1) for line in lines if line.strip())


def short(number):
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def table_of(results):
    """Lines of Markdown, and the ratios whose programs did not run."""
    _, rows = read_results(results)
    programs = {program for program, _ in rows}
    lines = ["| capability | what | measured | goal | |", "|---|---|---|---|---|"]
    missing = []
    for one in json.loads((HERE / "ratios.json").read_text(encoding="utf-8")):
        ours, peer = one["ours"], one.get("peer")
        if ours[0] not in programs or (peer and peer[0] not in programs):
            missing.append(one["what"])
            continue
        ours = rows[tuple(ours)]
        if peer:
            measured = times_better(ours, rows[tuple(peer)])
            words, goal = f"{short(measured)} x", f">= {one['goal']:g} x"
            reached = measured >= one["goal"]
        else:
            less = is_less_better(ours["unit"])
            measured = base_value(ours) / UNITS[one["unit"]][0]
            words = f"{short(measured)} {one['unit']}"
            goal = f"{'<=' if less else '>='} {one['goal']:,g} {one['unit']}"
            reached = measured <= one["goal"] if less else measured >= one["goal"]
        missed = f"missed: {one['why']}" if "why" in one else "missed"
        lines.append(f"| {one['capability']} | {one['what']} | {words} | {goal} |"
                     f" {'' if reached else missed} |")
    return lines, missing


def write_between_marks(path, lines):
    text = path.read_text(encoding="utf-8")
    begin, end = (text.find(mark) for mark in MARKS)
    if begin < 0 or end < begin:
        sys.exit(f"{path} has no marks for the table")
    path.write_text(text[:begin + len(MARKS[0])] + "\n" + "\n".join(lines) + "\n\n" + text[end:],
                    encoding="utf-8")


def main():
    if len(sys.argv) not in (3, 4):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    output, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    conditions = read_conditions(output)
    cpu = re.sub(r"[^a-z0-9]+", "-", conditions["machine"].split(",")[0].lower()).strip("-")
    date = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    folder.mkdir(exist_ok=True)
    results = folder / f"{date}-{cpu}.json"
    whole = {"date": date, "conditions": conditions, "rows": read_output(output)}
    results.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    print(f"{len(whole['rows'])} rows in {results}\n")
    lines, missing = table_of(results)
    print("\n".join(lines))
    if missing:
        print(f"\nnot measured: {'; '.join(missing)}")
    elif len(sys.argv) == 4:
        conditions_line = (f"{date}, {conditions['machine']}, commit {conditions['commit']}, "
                           f"load {conditions['load']}:")
        write_between_marks(pathlib.Path(sys.argv[3]), [conditions_line, "", *lines])
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The Python package against python-magic (libmagic) and puremagic.

    content_type.py FOLDER    the folder that `bench_content_type --write_corpora=FOLDER` has filled

Each is given the same head of 4096 bytes. What the package says is checked before anything is
timed; where a peer says something else, that is printed beside its row. Rows are the best of many
rounds.
"""

import logging
import pathlib
import sys

import jobqueue
import magic
import puremagic

from measure import best_time


def with_libmagic(head):
    return LIBMAGIC.from_buffer(head)


def with_puremagic(head):
    try:
        return puremagic.from_string(head, mime=True)
    except puremagic.PureError:
        return "nothing"


def with_package(head):
    return jobqueue.detect_content_type(head).media_type


LIBMAGIC = magic.Magic(mime=True)
WAYS = {"package": with_package, "python-magic": with_libmagic, "puremagic": with_puremagic}


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    logging.disable()  # puremagic writes of what it does not know
    folder = pathlib.Path(sys.argv[1])
    for line in (folder / "content_type.ns").read_text(encoding="ascii").splitlines():
        name, wanted, in_cpp = line.split()
        head = (folder / "content_type" / name).read_bytes()
        if with_package(head) != wanted:
            sys.exit(f"{name} is taken for {with_package(head)}")
        times = {way: best_time(lambda call=call: call(head), 20) for way, call in WAYS.items()}
        for way, nanos in times.items():
            said = WAYS[way](head)
            print(f"{f'{way}/{name}':28} {nanos:10.0f} ns {nanos / times['package']:8.2f} x package"
                  f" {nanos / float(in_cpp):9.1f} x C++" + (f"  {said}" if said != wanted else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())

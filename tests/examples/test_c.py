"""examples/c: results into a file, from a program in C."""

import json
import subprocess


def test_keeps_results_lean_and_gives_them_back(build_example, tmp_path, image, release_program):
    program = build_example("c") / "keep_results"
    results = [{"id": 1, "score": 0.5}, {"id": 2, "images": [image]},
               {"id": 3, "again": image, "log": "data:image/png;base64," + image}]
    given = "".join(json.dumps(result) + "\n" for result in results)
    done = subprocess.run([program, "vault", "results.ndjson"], cwd=tmp_path, input=given,
                          capture_output=True, text=True, check=True)
    kept = (tmp_path / "results.ndjson").read_text()
    assert done.stdout == f"kept 3 results: {len(kept)} bytes instead of {len(given)}\n"
    assert len(kept) < 1000 < len(given)
    assert json.loads(kept.splitlines()[0]) == results[0]
    # Three times the same picture is one object.
    assert len([*(tmp_path / "vault" / "sha256").rglob("?" * 64)]) == 1

    restored = subprocess.run([release_program, "restore", "--quiet", "--vault", "vault",
                               "results.ndjson"], cwd=tmp_path, capture_output=True, check=True)
    assert restored.stdout.decode() == given


def test_stops_at_what_is_not_json(build_example, tmp_path):
    program = build_example("c") / "keep_results"
    done = subprocess.run([program, "vault", "results.ndjson"], cwd=tmp_path,
                          input='{"id":1}\n{"id":2,}\n{"id":3}\n', capture_output=True, text=True,
                          check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("keep_results: line 2: ")
    assert (tmp_path / "results.ndjson").read_text() == '{"id":1}\n'

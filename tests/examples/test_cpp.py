"""examples/cpp: a service that uses the library by find_package."""

import json
import socket
import subprocess


def test_keeps_results_lean_and_gives_them_back(build_example, start, tmp_path, image):
    program = build_example("cpp") / "result_service"
    service = start(program, tmp_path / "data", stdout=subprocess.PIPE)
    port = int(service.stdout.readline())
    result = json.dumps({"n": 9007199254740993, "v": [1.0, 1e2], "image": image})
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        lines = connection.makefile("rw", encoding="utf-8", newline="\n")

        def ask(command):
            lines.write(command + "\n")
            lines.flush()
            return lines.readline()[:-1]

        verdict, kept, size = ask(f"put job-1 {result}").split()
        assert (verdict, int(size)) == ("ok", len(result))
        assert int(kept) < 300
        lean = ask("get job-1")
        assert len(lean) == int(kept)
        assert json.loads(lean)["image"].startswith("[BASE64_IMAGE_REMOVED sha256-")
        assert ask("full job-1") == result
        assert ask("put job-2 [1,]").startswith("error INVALID_JSON ")
        assert ask("get job-2") == "error INVALID_ARGUMENT there is no result with this id"
        assert ask("get ../job-1").startswith("error INVALID_ARGUMENT an id is ")
        assert ask("drop job-1").startswith("error INVALID_ARGUMENT the commands are ")
    assert (tmp_path / "data" / "results" / "job-1.json").stat().st_size == int(kept)

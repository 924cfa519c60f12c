"""Replays signature.json through the program (--program FILE) or the Python package (--package)."""

import base64
import json
import os
import subprocess
import sys

from vector_run import run_faces


def body_of(one):
    if "body" in one:
        return one["body"].encode()
    return base64.b64decode(one["body_base64"])


def through_program(program, one):
    names = [f"SECRET_{number}" for number in range(len(one["secrets"]))]
    words = ["--scheme", one["scheme"], "--now", str(one["now"])]
    for name in names:
        words += ["--secret-env", name]
    if one["do"] == "sign":
        words += ["--id", one["id"]] if one["id"] else []
    else:
        words += ["--tolerance", str(one.get("tolerance", 300))]
        for name, value in one["headers"]:
            words += ["--header", f"{name}: {value}"]
    done = subprocess.run([program, one["do"], *words], input=body_of(one), capture_output=True,
                          check=False, env={**os.environ, **dict(zip(names, one["secrets"]))})
    if done.returncode in (2, 3):
        assert not done.stdout and done.stderr, done
        return {"error": "invalid_argument" if done.returncode == 2 else "secret_invalid"}
    if one["do"] == "sign":
        lines = done.stdout.decode().splitlines()
        return {"headers": [line.split(": ", 1) for line in lines]}
    answer = json.loads(done.stdout)
    assert done.returncode == (0 if answer["ok"] else 1), done
    assert bool(done.stderr) != answer["ok"], done
    return answer


def through_package(one):
    import jobqueue
    try:
        if one["do"] == "sign":
            signer = jobqueue.PayloadSigner(one["scheme"], one["secrets"])
            headers = signer.sign(body_of(one), id=one["id"] or None, now=one["now"])
            return {"headers": [list(pair) for pair in headers.items()]}
        verifier = jobqueue.SignatureVerifier(one["scheme"], one["secrets"],
                                              tolerance=one.get("tolerance", 300))
    except jobqueue.JobqueueError as problem:
        return {"error": problem.code.lower()}
    headers = [tuple(pair) for pair in one["headers"]]
    try:
        answer = verifier.verify(body_of(one), headers, now=one["now"])
        return {"ok": True, "scheme": answer.scheme, "secret_index": answer.secret_index,
                "reason": None, "hint": None}
    except jobqueue.SignatureVerificationError as problem:
        assert problem.reason == problem.code.lower()
        return {"ok": False, "scheme": problem.scheme, "secret_index": problem.secret_index,
                "reason": problem.reason, "hint": problem.hint}


if __name__ == "__main__":
    sys.exit(run_faces(through_package, through_program, least=151))

#!/usr/bin/env python3
"""Makes jobs.ndjson, the dump of a job queue that script/demo works on.

One JSON document a line, about 2 MB, the same bytes every time. Everything in it is made up: the
images are drawn here, the keys and tokens are random bytes that say EXAMPLE where a reader could take
them for real. Python's standard library only.

Usage: generate.py > jobs.ndjson
"""
import base64
import gzip
import json
import random
import struct
import sys
import uuid
import zlib

rng = random.Random(20260921)


def png(width, height, noise):
    """A valid PNG: a gradient with some noise, which decides how large it is."""
    rows = bytearray()
    tint = [rng.randrange(256) for _ in range(3)]
    for y in range(height):
        rows.append(0)
        for x in range(width):
            grain = rng.randrange(noise) if noise else 0
            rows += bytes(((tint[0] + 255 * x // width + grain) & 255,
                           (tint[1] + 255 * y // height + grain) & 255, (tint[2] + grain) & 255))

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
            chunk(b"IDAT", zlib.compress(bytes(rows), 6)) + chunk(b"IEND", b""))


GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def jpeg(size):
    """The beginning of a JPEG as a camera writes it, and as many bytes of scan as asked."""
    head = (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
            b"\xff\xdb\x00\x43\x00" + bytes(range(1, 65)))
    return head + rng.randbytes(size) + b"\xff\xd9"


def webp(size):
    data = rng.randbytes(size)
    body = b"WEBPVP8L" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def wav(samples):
    data = b"".join(struct.pack("<h", rng.randrange(-9000, 9000)) for _ in range(samples))
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16000, 32000, 2, 16)
    body = head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def pdf(size):
    stream = rng.randbytes(size)
    return (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n2 0 obj\n<< /Length "
            + str(size).encode() + b" >>\nstream\n" + stream + b"\nendstream\nendobj\n%%EOF\n")


def logs(lines):
    text = "".join(f"2026-09-21T08:{n // 60 % 60:02}:{n % 60:02}Z step {n} ok\n" for n in range(lines))
    return gzip.compress(text.encode(), mtime=0)


def b64(data):
    return base64.b64encode(data).decode()


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def wrapped(data, width, line_break):
    text = b64(data)
    return line_break.join(text[i:i + width] for i in range(0, len(text), width))


def data_uri(kind, data):
    return f"data:{kind};base64,{b64(data)}"


def new_id():
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Verbatim(str):
    """JSON text that must stay as it is written."""


def line(members):
    """A document from (name, value) pairs; a Verbatim value is copied."""
    return "{" + ",".join(
        compact(name) + ":" + (value if isinstance(value, Verbatim) else compact(value))
        for name, value in members) + "}"


def job(kind, status, extra, attempt=0, job_id=None):
    number = rng.randrange(10**17, 10**18)  # larger than a double holds exactly
    return line([
        ("id", job_id or new_id()), ("type", kind), ("status", status), ("attempt", attempt),
        ("created_at", f"2026-09-{rng.randrange(1, 22):02}T{rng.randrange(24):02}:15:30.125Z"),
        ("sequence_number", Verbatim(str(number))), ("progress", Verbatim("1.0")),
        ("budget", Verbatim("1e2")), ("worker_id", f"worker-{rng.randrange(40):03}"),
        *extra])


def prompt():
    words = ("a quiet harbour at dawn, oil on canvas, soft light, long shadows, fishing boats, "
             "mist over the water, caf\u00e9 terrace, detailed, wide angle").split(", ")
    rng.shuffle(words)
    return ", ".join(words)


def image_jobs():
    for size in (80, 128, 96, 112, 88, 72):
        picture = png(size, size, 24)
        yield job("text2img", "completed", [
            ("payload", {"prompt": prompt(), "steps": 30, "cfg": 7.5}),
            ("result", {"image": b64(picture), "width": size, "height": size})])
    for kind, data in (("image/png", png(90, 60, 12)), ("image/jpeg", jpeg(48000)),
                       ("image/webp", webp(36000)), ("image/gif", GIF)):
        yield job("upscale", "completed", [("result", {"image_url": data_uri(kind, data)})])
    yield job("batch", "completed", [("result", {"images": [b64(png(48, 48, 30)) for _ in range(6)]})])
    for field in ("image_base64", "b64_json", "Img_Data"):
        yield job("text2img", "completed", [("result", {"created": 1758370000,
                                                        field: b64(png(60, 60, 16))})])
    yield job("vision", "completed", [("request", {"contents": [{"parts": [
        {"text": "What is in this picture?"},
        {"inlineData": {"mimeType": "image/jpeg", "data": b64(jpeg(30000))}}]}]})])
    yield job("vision", "completed", [("request", {"messages": [{"role": "user", "content": [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png",
                                     "data": b64(png(70, 70, 10))}}]}]})])


def retries():
    """The same input at every attempt: a vault keeps it once."""
    for _ in range(5):
        source = data_uri("image/png", png(112, 112, 20))
        job_id = new_id()
        for attempt in range(4):
            yield job("img2img", "failed" if attempt < 3 else "completed", [
                ("payload", {"prompt": prompt(), "init_image": source}),
                ("error_message", None if attempt == 3 else "upstream timed out after 60 s")],
                attempt, job_id)


def nested():
    inner = compact({"node": "SaveImage", "outputs": {"images": [b64(png(64, 64, 20))]}})
    middle = compact({"workflow": inner, "note": 'say "hello"', "path": "C:\\new\\data"})
    for payload in (inner, middle, compact({"event": "completed", "body": middle})):
        yield job("workflow", "completed", [("payload", payload)])
    yield job("workflow", "completed", [("payload", compact({
        "service": "ocr", "raw_output": compact({"pdf": b64(pdf(20000)), "pages": 3})}))])


def other_writers():
    """The spelling of PHP, System.Text.Json and Gson, and of MIME."""
    picture = png(60, 60, 20)
    php = compact({"image": data_uri("image/png", picture)}).replace("/", "\\/")
    yield job("php", "completed", [("result", Verbatim(php))])
    dotnet = compact({"Image": b64(png(60, 60, 20))}).replace("+", "\\u002B")
    yield job("dotnet", "completed", [("result", Verbatim(dotnet))])
    gson = compact({"image": b64(picture[:-1]), "thumb": b64(GIF * 3)}).replace("=", "\\u003d")
    yield job("gson", "completed", [("result", Verbatim(gson))])
    yield job("mail", "completed", [("attachment", wrapped(pdf(15000), 76, "\r\n"))])
    yield job("notebook", "completed", [("outputs", {"image/png": wrapped(picture, 64, "\n") + "\n"})])
    yield job("browser", "completed", [("screenshot", b64url(webp(9000)))])


def other_blobs():
    yield job("speech", "completed", [("audio", {"format": "wav", "data": b64(wav(12000))})])
    yield job("report", "completed", [("document", {"contentType": "application/pdf",
                                                    "data": b64(pdf(26000))})])
    yield job("render", "completed", [("log_archive", b64(logs(4000)))])
    yield job("repository", "completed", [("file", {
        "name": "README", "encoding": "base64", "content": wrapped(b"Plain text in a file.\n" * 60, 60,
                                                                   "\n") + "\n"})])
    yield job("embedding", "completed", [("result", {"tensor": b64(rng.randbytes(6000))})])


def keepers():
    """What must survive."""
    header = b64url(b'{"alg":"RS256","typ":"JWT","kid":"EXAMPLE"}')
    claims = b64url(compact({"sub": "EXAMPLE", "scope": "jobs:" + "read " * 40}).encode())
    certificate = b"\x30\x82\x04\x00" + rng.randbytes(1024)
    ssh = b"\x00\x00\x00\x07ssh-rsa\x00\x00\x00\x03\x01\x00\x01\x00\x00\x01\x01" + rng.randbytes(257)
    yield job("auth", "completed", [("request", {
        "authorization": f"Bearer {header}.{claims}.{b64url(rng.randbytes(256))}",
        "ssh_key": f"ssh-rsa {b64(ssh)} EXAMPLE",
        "certificate": "-----BEGIN CERTIFICATE-----\n" + wrapped(certificate, 64, "\n") +
                       "\n-----END CERTIFICATE-----\n",
        "chain": [b64(certificate)]})])
    yield job("verify", "completed", [("result", {
        "sha512": rng.randbytes(64).hex(), "transaction": "0x" + rng.randbytes(400).hex(),
        "integrity": "sha512-" + b64(rng.randbytes(64))})])
    yield job("llm", "completed", [("response", {
        "type": "reasoning", "encrypted_content": "gAAAAAB" + b64url(rng.randbytes(3000)),
        "signature": b64(rng.randbytes(900))})])
    yield job("download", "completed", [("source", {"url": (
        "https://storage.example.com/bucket/inputs/picture.png?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Security-Token=EXAMPLE" + b64url(rng.randbytes(900)) +
        "&X-Amz-Signature=" + rng.randbytes(32).hex())})])
    yield job("fold", "completed", [("input", {
        "dna": "".join(rng.choice("ACGT") for _ in range(1500)),
        "protein": "".join(rng.choice("ACDEFGHIKLMNPQRSTVWY") for _ in range(600))})])
    path = "src/main/java/com/example/service/controllers/internal/handlers/validation/constraints"
    yield job("scan", "completed", [("files", [
        f"{path}/{name}ConstraintValidatorFactoryImplementationTestCase.java"
        for name in ("First", "Second", "Third")])])
    body = b64(compact([["input.png"], {"steps": 30, "note": "EXAMPLE " * 150}, {}]).encode())
    yield line([("body", body), ("content-encoding", "utf-8"), ("content-type", "application/json"),
                ("headers", {"task": "example.tasks.render", "id": new_id()}),
                ("properties", {"body_encoding": "base64", "delivery_tag": new_id()})])
    picture_name = "iVBORw0KGgo" + "x" * 110
    yield line([("id", new_id()), ("note", "a key, a duplicate and an escape"), (picture_name, 1),
                ("dup", 1), ("dup", 2), ("name", Verbatim('"caf\\u00e9"')), ("empty", ""),
                ("nested", {"list": [], "object": {}, "null": None, "true": True})])


def plain_jobs(count):
    for _ in range(count):
        status = rng.choice(("queued", "in_progress", "completed", "failed"))
        yield job("text2img", status, [
            ("payload", {"prompt": prompt(), "seed": rng.getrandbits(53), "size": [1024, 1024]}),
            ("result", {"saved_asset": {
                "url": f"https://cdn.example.com/generations/2026/09/21/step-{new_id()}_r1.png",
                "size": rng.randrange(10**6)}})])


def accounted_jobs():
    """Rows of the table of jobs, one of every kind that the standard rule set tells apart, seen on
    2026-09-22 at noon."""
    def row(number, status, **more):
        members = {"id": f"00000000-0000-4000-8000-{number:012}", "name": "render a poster",
                   "job_type": "comfyui", "status": status, "created_at": "2026-09-22T09:00:00Z",
                   "updated_at": "2026-09-22T09:20:00Z", "retry_count": 0, "max_retries": 3}
        return compact({**members, **more})

    output = {"workflow_output": "https://cdn.example.com/generations/2026/09/22/poster.png",
              "completed_at": "2026-09-22T09:20:00Z"}
    told = {"success": True, "notification_method": "push", "attested_by": "miniapp",
            "attested_at": "2026-09-22T09:20:04Z"}
    for number in range(1, 9):
        yield row(number, "completed", **output, notification=told)
    yield row(20, "completed", **output,
              notification={**told, "success": False, "error_message": "410 token is gone"})
    yield row(21, "completed", **output)
    yield row(22, "completed", **{**output, "completed_at": "2026-09-22T11:50:00Z"})
    yield row(23, "completed", data={"prompt": prompt(), "preview": data_uri("image/png", png(
        40, 30, 6)), "outputs": [{"steps": [{"nodeResponse": {
            "src": "https://cdn.example.com/generations/2026/09/22/step_r1.png"}}]}]})
    yield row(24, "completed", data={"prompt": prompt(), "outputs": []})
    yield row(25, "failed", retry_count=1, error_message="the worker was shut down")
    yield row(26, "failed", retry_count=3, error_message="CUDA out of memory")
    yield row(27, "canceled")
    yield row(28, "unworkable", error_message="no worker has this model")
    yield row(29, "timeout", error_message="job timeout after 30 minutes")
    yield row(30, "processing", started_at="2026-09-22T09:01:00Z")
    yield row(31, "processing", started_at="2026-09-22T11:40:00Z",
              updated_at="2026-09-22T11:58:00Z")
    yield row(32, "failed", retry_count=None, error_message="a row of an old version")


def main():
    groups = [image_jobs(), retries(), nested(), other_writers(), other_blobs(), keepers(),
              plain_jobs(40)]
    lines = [document for group in groups for document in group]
    rng.shuffle(lines)
    lines.extend(accounted_jobs())
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    main()

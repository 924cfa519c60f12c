"""Input that comes in pieces."""

import io
import resource

import pytest

import jobqueue


def test_a_file_through(image, tmp_path):
    whole = ('{"a":"%s"}\n' % image).encode() * 50
    vault = jobqueue.Vault(tmp_path / "vault")
    out = io.BytesIO()
    cuts = []
    jobqueue.sanitize_base64_stream(io.BytesIO(whole), out, vault=vault, chunk_size=1000,
                                    on_cut=cuts.append)
    assert out.getvalue() == jobqueue.sanitize_base64(whole, vault=vault)
    assert len(cuts) == 50 and cuts[1].offset == cuts[0].offset + len(whole) // 50
    assert jobqueue.restore_base64(out.getvalue(), vault=vault) == whole


def test_one_input_after_another(image):
    sanitizer = jobqueue.Base64Sanitizer()
    for _ in range(3):
        lean = sanitizer.update(b'["' + image.encode()) + sanitizer.update(b'"]')
        assert lean + sanitizer.finish() == b'["[BASE64_IMAGE_REMOVED]"]'


def test_memory_stays_bounded(image):
    sanitizer = jobqueue.Base64Sanitizer()
    piece = ('{"a":"%s"}\n' % image).encode() * 250
    sanitizer.update(piece)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    out = sum(len(sanitizer.update(piece)) for _ in range(200)) + len(sanitizer.finish())
    assert 200 * len(piece) > 200_000_000 and out < 2_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024


def test_wrong_use():
    with pytest.raises(TypeError, match="nonsense"):
        jobqueue.Base64Sanitizer(nonsense=1)
    with pytest.raises(jobqueue.InvalidArgumentError):
        jobqueue.Base64Sanitizer(format="json")
    with pytest.raises(TypeError):
        jobqueue.Base64Sanitizer().update("text")


def test_what_on_cut_and_vault_raise_comes_through(image, memory_vault):
    def broken(*arguments):
        raise ZeroDivisionError

    sanitizer = jobqueue.Base64Sanitizer(on_cut=broken)
    with pytest.raises(ZeroDivisionError):
        sanitizer.update(image.encode() + b" ")
        sanitizer.finish()
    memory_vault.put = broken
    sanitizer = jobqueue.Base64Sanitizer(vault=memory_vault)
    with pytest.raises(ZeroDivisionError):
        sanitizer.update(image.encode() + b" ")
        sanitizer.finish()

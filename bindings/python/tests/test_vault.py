"""Vaults: a directory, and objects of the caller; restore_base64."""

import hashlib

import pytest

import jobqueue
from conftest import MemoryVault, encoded
from jobqueue import restore_base64, sanitize_base64


@pytest.fixture(params=["directory", "object"])
def vault(request, tmp_path, memory_vault):
    return jobqueue.Vault(tmp_path / "vault") if request.param == "directory" else memory_vault


def test_every_kind_comes_back(vault, image):
    text = '{"v":1.0,"i":"%s","u":"data:image/png;base64,%s"}' % (image, image)
    for whole in (text, text.encode(), {"a": [image, ("x " + image,)], "b": {"c": image}}):
        lean = sanitize_base64(whole, vault=vault)
        assert type(lean) is type(whole) and len(str(lean)) < 900
        assert restore_base64(lean, vault=vault) == whole
    unchanged = {"a": "b" * 200}
    assert restore_base64(unchanged, vault=vault) is unchanged
    assert restore_base64(text, vault=vault) is text


def test_what_is_missing(vault, image):
    lean = sanitize_base64({"a": "\u00e9 " + image}, vault=MemoryVault())
    with pytest.raises(jobqueue.BlobMissingError) as caught:
        restore_base64(lean, vault=vault)
    assert (caught.value.code, caught.value.offset) == ("BLOB_MISSING", 2)
    assert not str(caught.value).startswith("'")
    assert restore_base64(lean, vault=vault, keep_missing=True) is lean


def test_what_is_corrupt(memory_vault, image):
    lean = sanitize_base64(image, vault=memory_vault)
    for digest in memory_vault.blobs:
        memory_vault.blobs[digest] = b"other"
    with pytest.raises(jobqueue.BlobCorruptError):
        restore_base64(lean, vault=memory_vault)


def test_the_output_is_bounded(vault, image):
    lean = sanitize_base64([image] * 10, vault=vault)
    with pytest.raises(jobqueue.InputTooLargeError):
        restore_base64(lean, vault=vault, max_output_bytes=5 * len(image))
    with pytest.raises(jobqueue.InputTooLargeError):
        restore_base64(str(lean), vault=vault, max_output_bytes=5 * len(image))
    assert restore_base64(lean, vault=vault, max_output_bytes=10 * len(image)) == [image] * 10


def test_a_directory_vault(tmp_path):
    vault = jobqueue.Vault(str(tmp_path / "v"))
    digest = vault.add(b"blob")
    assert digest == hashlib.sha256(b"blob").digest()
    vault.sync()
    assert jobqueue.Vault(tmp_path / "v", create=False).get(digest, 4) == b"blob"
    with pytest.raises(jobqueue.BlobMissingError):
        vault.get(b"\0" * 32, 4)
    with pytest.raises(jobqueue.InvalidArgumentError, match="32 bytes"):
        vault.get(b"short", 4)
    with pytest.raises(jobqueue.StoreError) as caught:
        jobqueue.Vault(tmp_path / "none", create=False)
    assert caught.value.code == "STORE_ERROR" and isinstance(caught.value, OSError)
    with pytest.raises(TypeError):
        jobqueue.Vault(5)


def test_one_sync_after_many_blobs(memory_vault):
    jobs = [encoded(600, seed) for seed in range(20)]
    sanitize_base64(jobs, vault=memory_vault)
    assert (len(memory_vault.blobs), memory_vault.synced) == (20, 1)
    sanitize_base64(jobs, vault=memory_vault, sync=False)
    assert memory_vault.synced == 1
    sanitize_base64(["nothing"], vault=memory_vault)
    assert memory_vault.synced == 1


@pytest.mark.parametrize("method", ["put", "get", "sync"])
def test_what_a_vault_raises_comes_through(memory_vault, image, method):
    class Broken(Exception):
        pass

    def broken(*arguments):
        raise Broken(method)

    lean = sanitize_base64([image], vault=memory_vault)
    setattr(memory_vault, method, broken)
    for whole in ([image], image):
        with pytest.raises(Broken, match=method) as caught:
            if method == "get":
                restore_base64(lean, vault=memory_vault)
            else:
                sanitize_base64(whole, vault=memory_vault)
        assert caught.traceback[-1].name == "broken"


def test_a_vault_must_be_one():
    with pytest.raises(TypeError, match="put and get"):
        restore_base64("x", vault=object())
    with pytest.raises(TypeError, match="needs a vault"):
        restore_base64("x", vault=None)

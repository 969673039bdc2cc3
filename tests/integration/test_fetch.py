"""A model from a real S3 store: fetched, verified, cached; every fault named, none half-written."""

import hashlib
import subprocess
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.object_store import ObjectStore
from tests.integration.running_server import DEADLINE_S
from tests.integration.runs import run_python
from tests.integration.variants import liar, variant
from tests.integration.weak_link import weak_link

BUCKET = "fetching"
KEY = "some/model.onnx"
URI = f"s3://{BUCKET}/{KEY}"


def sha256(content: bytes) -> str:
    """The digest in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def put(store: ObjectStore, content: bytes, digest: str) -> None:
    """Store a model with a digest in its metadata."""
    store.client().create_bucket(Bucket=BUCKET)
    store.client().put_object(Bucket=BUCKET, Key=KEY, Body=content, Metadata={"sha256": digest})


def fetch(folder: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command with a cache in the folder."""
    settings = {"SCANDID_MODEL": URI, "SCANDID_MODEL_CACHE": str(folder / "cache")}
    return run_python("-m", "server.fetch", cwd=folder, variables=settings | dict(variables))


def left(folder: Path) -> list[str]:
    """Kinds of files in the cache."""
    return sorted(path.suffix for path in (folder / "cache").glob("*"))


def test_a_model_is_fetched_once(store: ObjectStore, tiny_model: Path, tmp_path: Path) -> None:
    """The verified file lies in the cache under its digest; a second fetch finds it there."""
    content = tiny_model.read_bytes()
    put(store, content, sha256(content))
    done = fetch(tmp_path, store.variables())
    assert done.returncode == 0, done.stderr
    path = tmp_path / "cache" / f"{sha256(content)}.onnx"
    assert done.stdout == f"{sha256(content)}  {path}\n"
    assert path.read_bytes() == content
    before = path.stat()
    assert fetch(tmp_path, store.variables()).stdout == done.stdout
    assert path.stat().st_ino == before.st_ino
    assert left(tmp_path) == [".json", ".onnx"]


def test_a_digest_may_lie_beside(store: ObjectStore, tiny_model: Path, tmp_path: Path) -> None:
    """Without metadata, the object of the same name with .sha256 tells the digest."""
    content = tiny_model.read_bytes()
    client = store.client()
    client.create_bucket(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key="beside.onnx", Body=content)
    variables = store.variables(SCANDID_MODEL=f"s3://{BUCKET}/beside.onnx")
    refused = fetch(tmp_path, variables)
    assert refused.returncode == 2
    assert "has no sha256, neither as metadata" in refused.stderr
    assert "beside.onnx.sha256" in refused.stderr
    client.put_object(Bucket=BUCKET, Key="beside.onnx.sha256", Body=b"none\n")
    assert "its sha256 is 'none\\n', which is no sha256\n" in fetch(tmp_path, variables).stderr
    line = f"{sha256(content)}  scandid.onnx\n"
    client.put_object(Bucket=BUCKET, Key="beside.onnx.sha256", Body=line.encode())
    assert fetch(tmp_path, variables).returncode == 0


def test_a_profile_gives_the_keys(store: ObjectStore, tiny_model: Path, tmp_path: Path) -> None:
    """Without key variables, the profile that AWS_PROFILE names in the credentials file is used."""
    content = tiny_model.read_bytes()
    put(store, content, sha256(content))
    variables = store.variables(AWS_PROFILE="serving")
    key, secret = (variables.pop(f"AWS_{x}") for x in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
    file = tmp_path / "credentials"
    file.write_text(f"[serving]\naws_access_key_id={key}\naws_secret_access_key={secret}\n")
    done = fetch(tmp_path, variables | {"AWS_SHARED_CREDENTIALS_FILE": str(file)})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "AWS_SECRET_ACCESS_KEY"),
        ({"SCANDID_MODEL": "s3://no-such-bucket/model.onnx"}, "NoSuchBucket"),
        ({"SCANDID_MODEL": f"s3://{BUCKET}/nothing.onnx"}, "NoSuchKey"),
        ({"SCANDID_MODEL": f"s3://{BUCKET}"}, "s3://BUCKET/KEY"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "127.0.0.1:9"}, "AWS_ENDPOINT_URL=127.0.0.1:9: must be http://HOST"),
        ({"AWS_ENDPOINT_URL": "http://"}, "AWS_ENDPOINT_URL=http://: must be http://HOST"),
        ({"AWS_ENDPOINT_URL_S3": "ftp://127.0.0.1"}, "AWS_ENDPOINT_URL_S3=ftp://127.0.0.1: must"),
        ({"SCANDID_MODEL_CACHE": "/proc/nowhere"}, "SCANDID_MODEL_CACHE"),
        ({"SCANDID_MODEL_CACHE": "~nobody-here/cache"}, "SCANDID_MODEL_CACHE"),
    ],
)
def test_a_refusal_is_one_line(
    store: ObjectStore,
    tiny_model: Path,
    tmp_path: Path,
    variables: Mapping[str, str],
    wanted: str,
) -> None:
    """Wrong secret, bucket, key or endpoint: what was asked, what to try, exit code 2, no file."""
    content = tiny_model.read_bytes()
    put(store, content, sha256(content))
    done = fetch(tmp_path, store.variables(**variables))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert wanted in done.stderr
    assert left(tmp_path) == []


def test_empty_variables_say_nothing(store: ObjectStore, tiny_model: Path, tmp_path: Path) -> None:
    """The client would take an empty address, token or switch for one, as env files leave them."""
    content = tiny_model.read_bytes()
    put(store, content, sha256(content))
    empty = ("AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "AWS_ALLOW_HTTP", "AWS_PROFILE")
    done = fetch(tmp_path, store.variables(**dict.fromkeys(empty, "")))
    assert done.returncode == 0, done.stderr


def test_a_role_comes_before_an_empty_key(tmp_path: Path) -> None:
    """Where the key is empty and the pod has a role, keys are asked for, at the place for that.

    Nobody answers there: a service that gives keys for tokens cannot run here.
    """
    (tmp_path / "token").write_text("token")
    role = {"AWS_ROLE_ARN": "arn:aws:iam::1:role/x", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9"}
    role |= {"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token")}
    keys = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    done = fetch(tmp_path, role | keys | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    assert done.returncode == 2
    assert "POST" in done.stderr


def test_a_client_that_panics_ends_in_a_line(
    store: ObjectStore, tiny_model: Path, tmp_path: Path
) -> None:
    """What its Rust gives up on is trouble like any other: the copy accepted earlier is served."""
    content = tiny_model.read_bytes()
    put(store, content, sha256(content))
    panics = store.variables(AWS_ENDPOINT_URL=f" {store.url}")
    refused = fetch(tmp_path, panics)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.splitlines()[-1].startswith(f"scandid: {URI}: ")
    assert "Traceback" not in refused.stderr
    good = fetch(tmp_path, store.variables())
    done = fetch(tmp_path, panics)
    assert (done.returncode, done.stdout) == (0, good.stdout)


def test_a_cache_that_takes_nothing_is_no_fault_of_the_model(
    store: ObjectStore, tiny_model: Path, tmp_path: Path
) -> None:
    """A model that lies there and is verified is served; what cannot be noted is told, in a line.

    A folder stands where the note would be written, since root writes on every disk.
    """
    content = tiny_model.read_bytes()
    put(store, content, sha256(content))
    good = fetch(tmp_path, store.variables())
    (note,) = (tmp_path / "cache").glob("*.json")
    note.with_suffix(".part").mkdir()
    again = fetch(tmp_path, store.variables())
    assert (again.returncode, again.stdout, again.stderr) == (0, good.stdout, "")
    note.unlink()
    done = fetch(tmp_path, store.variables())
    assert (done.returncode, done.stdout) == (0, good.stdout)
    assert "cannot be noted: Is a directory" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("damage", "wanted"),
    [
        (lambda path: path.read_bytes()[:-100], "cut, damaged or half replaced"),
        (lambda path: path.read_bytes()[:-1] + b"x", "cut, damaged or half replaced"),
    ],
    ids=["truncated", "changed"],
)
def test_a_damaged_object_is_refused(
    store: ObjectStore,
    tiny_model: Path,
    tmp_path: Path,
    damage: Callable[[Path], bytes],
    wanted: str,
) -> None:
    """An object that is not what its digest says is named with both digests and not kept."""
    digest = sha256(tiny_model.read_bytes())
    put(store, damage(tiny_model), digest)
    done = fetch(tmp_path, store.variables())
    assert done.returncode == 2
    assert wanted in done.stderr
    assert digest in done.stderr
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda _: b"no model", "no ONNX model"),
        (liar, "golden example"),
        (lambda path: variant(path, labels=["dan", "swe"]), "labels"),
    ],
    ids=["no-model", "golden", "labels"],
)
def test_a_bad_model_is_refused(
    store: ObjectStore,
    tiny_model: Path,
    tmp_path: Path,
    make: Callable[[Path], bytes],
    wanted: str,
) -> None:
    """No model, one that answers wrongly, and one with other labels stay out, digest or not."""
    content = make(tiny_model)
    put(store, content, sha256(content))
    done = fetch(tmp_path, store.variables())
    assert done.returncode == 2
    assert URI in done.stderr
    assert wanted in done.stderr
    assert left(tmp_path) == []


def test_an_accepted_model_outlives_its_store(
    store: ObjectStore, tiny_model: Path, tmp_path: Path
) -> None:
    """While the store is away or holds a bad model, the copy accepted last is served, and told."""
    content = tiny_model.read_bytes()
    put(store, content, sha256(content))
    good = fetch(tmp_path, store.variables())
    put(store, content[:-9], sha256(content[:-8]))
    for variables in (store.variables(), store.variables(AWS_ENDPOINT_URL="http://127.0.0.1:9")):
        done = fetch(tmp_path, variables)
        assert (done.returncode, done.stdout) == (0, good.stdout)
        assert "the copy accepted earlier is served" in done.stderr
    (kept,) = (tmp_path / "cache").glob("*.onnx")
    kept.write_bytes(content[:-1])
    done = fetch(tmp_path, store.variables(AWS_ENDPOINT_URL="http://127.0.0.1:9"))
    assert done.returncode == 2


def test_a_broken_connection_is_resumed(
    store: ObjectStore, tiny_model: Path, tmp_path: Path
) -> None:
    """Where a link breaks in mid-object, the rest is asked for, and the file is whole."""
    content = tiny_model.read_bytes()
    put(store, content, sha256(content))
    with weak_link(store.url) as link:
        link.break_after = len(content) * 2 // 3
        done = fetch(tmp_path, store.variables(AWS_ENDPOINT_URL=link.url))
        assert link.broken
    assert done.returncode == 0, done.stderr


def test_a_store_that_dies_on_the_way_leaves_nothing(
    store: ObjectStore, tiny_model: Path, tmp_path: Path
) -> None:
    """A store that is gone in mid-object ends in a line, and no part of the file stays."""
    content = tiny_model.read_bytes()
    put(store, content, sha256(content))
    with weak_link(store.url) as link, ThreadPoolExecutor(1) as pool:
        link.bytes_per_s = len(content) // 20
        fetching = pool.submit(fetch, tmp_path, store.variables(AWS_ENDPOINT_URL=link.url))
        deadline = time.monotonic() + DEADLINE_S
        while left(tmp_path) != [".part"]:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        store.close()
        link.close()
        link.break_now()
        done = fetching.result(DEADLINE_S)
    assert done.returncode == 2, done.stdout
    assert done.stderr.count("\n") == 1
    assert left(tmp_path) == []


def test_a_slow_store_is_waited_for(store: ObjectStore, tiny_model: Path, tmp_path: Path) -> None:
    """An object that trickles in arrives whole."""
    content = tiny_model.read_bytes()
    put(store, content, sha256(content))
    with weak_link(store.url) as link:
        link.bytes_per_s = len(content) // 3
        done = fetch(tmp_path, store.variables(AWS_ENDPOINT_URL=link.url))
    assert done.returncode == 0, done.stderr

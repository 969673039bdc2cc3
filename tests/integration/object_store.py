"""A real S3 store on this machine: Ceph's RADOS Gateway with one monitor and one disk in memory."""

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Any, Final

import boto3
import httpx
import pytest
from botocore.config import Config

from tests.integration.running_server import DEADLINE_S, free_port

ACCESS_KEY: Final = "test-access-key"
SECRET_KEY: Final = "test-secret-key"  # noqa: S105  # of a store that lives as long as the tests
PROGRAMS: Final = ("radosgw", "ceph-mon", "ceph-osd", "ceph", "monmaptool", "radosgw-admin")
INSTALL: Final = "apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd ceph-common"

_CONFIG: Final = Template("""
[global]
fsid = $fsid
mon_host = [v2:127.0.0.1:$mon_port]
ms_bind_msgr1 = false
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
keyring = $folder/keyring
run_dir = $folder
admin_socket = $folder/$$name.asok
log_file = $folder/$$name.log
crash_dir = $folder/crash
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_data_avail_warn = 1
mon_data_avail_crit = 0
[mon.a]
mon_data = $folder/mon
keyring = $folder/mon.keyring
host = localhost
[osd.0]
osd_data = $folder/osd
keyring = $folder/osd/keyring
osd_objectstore = memstore
memstore_device_bytes = 1073741824
osd_class_dir = $classes
[client.rgw]
keyring = $folder/rgw/keyring
rgw_frontends = beast endpoint=127.0.0.1:$port
rgw_data = $folder/rgw
rgw_thread_pool_size = 16
rgw_dns_name = 127.0.0.1
""")


class ObjectStore:
    """The store.

    Attributes:
        url: Its endpoint.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Make an empty store and wait until it answers."""
        self._configure()
        self._spawn("mon", "ceph-mon", "-f", "-i", "a")
        self._until(lambda: self._ceph("mon", "stat", check=False).returncode == 0)
        osd = str(uuid.uuid4())  # the monitor takes the disk only under the name it was told
        self._ceph("osd", "new", osd)
        self._grant("osd.0", "osd", "mon", "allow profile osd", "osd", "allow *")
        self._grant("client.rgw", "rgw", "mon", "allow rw", "osd", "allow rwx")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._spawn("osd", "ceph-osd", "-f", "-i", "0")
        self._until(lambda: "1 up" in self._ceph("osd", "stat").stdout)
        user = ("user", "create", "--uid", "tester", "--display-name", "tester")
        keys = ("--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY)
        self._run("radosgw-admin", "--name", "client.rgw", *user, *keys)
        self.open()

    def open(self) -> None:
        """Start the gateway, and wait until it answers."""
        self._spawn("rgw", "radosgw", "-f", "--name", "client.rgw")
        self._until(self._answers)

    def reopen(self) -> None:
        """Start the gateway again where it was closed."""
        if "rgw" not in self._processes:
            self.open()

    def close(self) -> None:
        """Kill the gateway, as a store that fails; what was stored stays."""
        gateway = self._processes.pop("rgw")
        gateway.kill()
        gateway.wait()

    def stop(self) -> None:
        """End everything."""
        for process in reversed(list(self._processes.values())):
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def client(self) -> Any:  # noqa: ANN401  # boto3 makes its classes at run time
        """A client with the right keys."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name="us-east-1",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def variables(self, **others: str) -> dict[str, str]:
        """The standard variables of a user of the store."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": "us-east-1",
        } | others

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def _configure(self) -> None:
        folder, self._mon_port = self._folder, free_port()
        for name in ("mon", "osd", "rgw", "crash"):
            (folder / name).mkdir()
        classes = next(Path("/usr/lib").glob("*/rados-classes"))
        fields = {"fsid": uuid.uuid4(), "mon_port": self._mon_port, "port": self._port}
        text = _CONFIG.substitute(fields, folder=folder, classes=classes)
        (folder / "ceph.conf").write_text(text)
        address = f"[v2:127.0.0.1:{self._mon_port}]"
        tool, keyring = "ceph-authtool", str(folder / "keyring")
        mon_keyring, monmap = str(folder / "mon.keyring"), str(folder / "monmap")
        fsid = str(fields["fsid"])
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, monmap)
        caps = [word for part in ("mon", "osd", "mgr") for word in ("--cap", part, "allow *")]
        self._run(tool, "--create-keyring", keyring, "--gen-key", "-n", "client.admin", *caps)
        mon_caps = ("--cap", "mon", "allow *")
        self._run(tool, "--create-keyring", mon_keyring, "--gen-key", "-n", "mon.", *mon_caps)
        self._run(tool, mon_keyring, "--import-keyring", keyring)
        self._run("ceph-mon", "-i", "a", "--mkfs", "--monmap", monmap, "--keyring", mon_keyring)

    def _grant(self, name: str, folder: str, *capabilities: str) -> None:
        keyring = str(self._folder / folder / "keyring")
        self._ceph("auth", "get-or-create", name, *capabilities, "-o", keyring)

    def _ceph(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self._run("ceph", "--connect-timeout", "3", *words, check=check)

    def _run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            words, env=self._environment(), capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done

    def _spawn(self, name: str, *words: str) -> None:
        with (self._folder / f"{name}.out").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                words, env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )

    def _environment(self) -> dict[str, str]:
        return os.environ | {"CEPH_CONF": str(self._folder / "ceph.conf")}

    def _until(self, holds: Any) -> None:  # noqa: ANN401
        deadline = time.monotonic() + DEADLINE_S
        while not holds():
            logs = [path.read_text(errors="replace")[-2000:] for path in self._folder.glob("*.out")]
            assert time.monotonic() < deadline, "the store does not start:\n" + "\n".join(logs)
            time.sleep(0.1)


@contextmanager
def object_store(folder: Path) -> Iterator[ObjectStore]:
    """Run a store; without its programs the test is skipped, in continuous integration it fails."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        reason = f"no S3 store to test against ({', '.join(missing)} missing); as root: {INSTALL}"
        pytest.fail(reason) if "CI" in os.environ else pytest.skip(reason)
    store = ObjectStore(folder)
    try:
        store.start()
        yield store
    finally:
        store.stop()

"""A PostgreSQL server in a folder of its own, where the machine has its programs."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

USER, PASSWORD = "likelens", "a-password"
PROGRAMS = ("initdb", "pg_ctl", "psql", "createdb")


@dataclass(frozen=True)
class Postgres:
    """A running server on loopback; its administrator is `USER`."""

    programs: Path
    port: int

    def url(self, database: str, user: str = USER, password: str = PASSWORD) -> str:
        """The address of a database."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def run(self, sql: str) -> None:
        """Run a statement as the administrator."""
        command = [self.programs / "psql", self.url("postgres"), "-v", "ON_ERROR_STOP=1", "-qc", sql]
        subprocess.run(command, check=True, capture_output=True, timeout=300)


def find_programs() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps those of each version outside the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        folders.insert(0, Path(found).parent)
    return next((one for one in folders if all((one / program).exists() for program in PROGRAMS)), None)


@contextmanager
def running_postgres(programs: Path, port: int) -> Iterator[Postgres]:
    """Start a server, and end it with the block. It refuses root, so root starts it as another user."""
    with tempfile.TemporaryDirectory(prefix="likelens-postgres-") as name:
        folder = Path(name)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        as_user: list[str] = []
        if os.geteuid() == 0:
            other = pwd.getpwnam("nobody")
            as_user = ["setpriv", f"--reuid={other.pw_uid}", f"--regid={other.pw_gid}", "--clear-groups"]
            for path in (folder, secret):
                os.chown(path, other.pw_uid, other.pw_gid)
        data = folder / "data"
        given = ["--auth=scram-sha-256", f"--username={USER}", f"--pwfile={secret}", "--no-sync"]
        _run([*as_user, programs / "initdb", "-D", data, "--encoding=UTF8", "--locale=C", *given])
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        ctl = [*as_user, programs / "pg_ctl", "-D", data, "-w", "-t", "300"]
        _run([*ctl, "-l", folder / "log", "-o", options, "start"])
        try:
            yield Postgres(programs, port)
        finally:
            _run([*ctl, "-m", "immediate", "stop"])


def _run(command: Sequence[str | Path]) -> None:
    ended = subprocess.run(
        command,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"{command[-1]}: {ended.stderr}"

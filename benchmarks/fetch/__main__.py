"""Run the clients in turn, at 0 and at 50 ms of latency, and print their medians."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fetch.clients import CLIENTS, Client, Job
from benchmarks.fetch.server import NoServer, nginx, write_pictures

# A process inherits the peak memory of its parent, so a small parent starts the clients.
LAUNCHER = """
import json, os, sys, time
began = time.perf_counter()
child = os.fork()
if not child:
    output = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1), os.dup2(output, 2)
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, used = os.wait4(child, 0)
print(json.dumps([status, time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""
PATHS = {"0 ms": "now", "50 ms": "late"}


@dataclass(frozen=True, slots=True)
class Usage:
    """The cost of one run: seconds, CPU seconds with its children, peak MB of its largest process."""

    seconds: float
    cpu: float
    memory: float


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fetch")
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--rivals", default=sys.executable, help="a Python with requests, Scrapy and img2dataset"
    )
    parser.add_argument("--only", default="", help="names of clients, or their beginnings, with commas")
    parser.add_argument(
        "--folder", type=Path, help="where to write; other load on its disk spoils the figures"
    )
    chosen = parser.parse_args()
    names = tuple(name.strip() for name in chosen.only.split(",")) if chosen.only else ("",)
    clients = [client for client in CLIENTS if client.name.startswith(names)]
    for client in clients:
        if not client.is_installed(chosen.rivals):
            print(f"{client.name}: not installed; {client.get}")
    installed = [client for client in clients if client.is_installed(chosen.rivals)]
    with tempfile.TemporaryDirectory(dir=chosen.folder) as created:
        folder = Path(created)
        write_pictures(folder / "pictures", chosen.pictures)
        try:
            with nginx(folder) as port:
                _print_table(_run_rounds(installed, folder, port, chosen), chosen.pictures)
        except NoServer as error:
            print(f"Nothing was measured: {error}.")


def _run_rounds(
    clients: list[Client], folder: Path, port: int, chosen: argparse.Namespace
) -> dict[tuple[str, str], list[Usage]]:
    usages: dict[tuple[str, str], list[Usage]] = {}
    for number in range(chosen.rounds):
        for latency, path in PATHS.items():
            urls = tuple(f"http://127.0.0.1:{port}/{path}/{n:05}.jpg" for n in range(chosen.pictures))
            for client in clients:
                usage = _run(client, Job(urls, folder / "client", str(Path(chosen.rivals).absolute())))
                usages.setdefault((client.name, latency), []).append(usage)
                print(f"round {number + 1}, {latency}, {client.name}: {usage}", file=sys.stderr)
    return usages


def _run(client: Client, job: Job) -> Usage:
    shutil.rmtree(job.folder, ignore_errors=True)
    job.folder.mkdir()
    command, output = client.prepare(job), job.folder.parent / "output.txt"
    os.sync()  # so that this client does not wait for the writes of the one before
    launched = [sys.executable, "-S", "-c", LAUNCHER, str(output), *command]
    status, seconds, cpu, memory = json.loads(
        subprocess.run(launched, capture_output=True, check=True).stdout
    )
    files = [file for file in job.folder.rglob("*.jpg") if file.stat().st_size > 50_000]
    if status or len(files) != len(job.urls):
        raise SystemExit(
            f"{client.name} ended with {status} and {len(files)} of {len(job.urls)} pictures: "
            + output.read_text("utf-8", "replace")[-2000:]
        )
    return Usage(seconds, cpu, memory / 1024)


def _print_table(usages: dict[tuple[str, str], list[Usage]], pictures: int) -> None:
    print(f"{'':<28}{'':>8}{'pictures/s':>12}{'CPU s':>8}{'a CPU s':>9}{'MB':>6}")
    for (name, latency), rounds in sorted(usages.items(), key=lambda item: item[0][1]):
        seconds = statistics.median(one.seconds for one in rounds)
        cpu = statistics.median(one.cpu for one in rounds)
        memory = max(one.memory for one in rounds)
        print(
            f"{name:<28}{latency:>8}{pictures / seconds:>12,.0f}{cpu:>8.2f}{pictures / cpu:>9,.0f}{memory:>6,.0f}"
        )


if __name__ == "__main__":
    main()

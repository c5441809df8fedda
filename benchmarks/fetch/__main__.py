"""Run the clients in turn, at 0 and at 50 ms, and print their medians."""

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

# A process begins with the peak memory of the one that started it, so a small one starts them.
LAUNCHER = """
import json, os, sys, time
begun = time.perf_counter()
child = os.fork()
if not child:
    said = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1), os.dup2(said, 2)
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, used = os.wait4(child, 0)
print(json.dumps([status, time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""
PATHS = {"0 ms": "now", "50 ms": "late"}


@dataclass(frozen=True, slots=True)
class Took:
    """What one run took: seconds of the clock, CPU seconds with its children's, peak MB of its largest process."""

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
        "--folder", type=Path, help="where to write; a disk that others use spoils the figures"
    )
    chosen = parser.parse_args()
    wanted = tuple(name.strip() for name in chosen.only.split(",")) if chosen.only else ("",)
    clients = [client for client in CLIENTS if client.name.startswith(wanted)]
    for client in clients:
        if not client.is_there(chosen.rivals):
            print(f"{client.name}: not installed; {client.get}")
    there = [client for client in clients if client.is_there(chosen.rivals)]
    with tempfile.TemporaryDirectory(dir=chosen.folder) as made:
        folder = Path(made)
        write_pictures(folder / "pictures", chosen.pictures)
        try:
            with nginx(folder) as port:
                _show(_rounds(there, folder, port, chosen), chosen.pictures)
        except NoServer as error:
            print(f"Nothing was measured: {error}.")


def _rounds(
    clients: list[Client], folder: Path, port: int, chosen: argparse.Namespace
) -> dict[tuple[str, str], list[Took]]:
    took: dict[tuple[str, str], list[Took]] = {}
    for number in range(chosen.rounds):
        for latency, path in PATHS.items():
            urls = tuple(f"http://127.0.0.1:{port}/{path}/{n:05}.jpg" for n in range(chosen.pictures))
            for client in clients:
                one = _run(client, Job(urls, folder / "client", str(Path(chosen.rivals).absolute())))
                took.setdefault((client.name, latency), []).append(one)
                print(f"round {number + 1}, {latency}, {client.name}: {one}", file=sys.stderr)
    return took


def _run(client: Client, job: Job) -> Took:
    shutil.rmtree(job.folder, ignore_errors=True)
    job.folder.mkdir()
    command, said = client.prepare(job), job.folder.parent / "said.txt"
    os.sync()  # what the one before has written is not this one's to wait for
    launched = [sys.executable, "-S", "-c", LAUNCHER, str(said), *command]
    status, seconds, cpu, memory = json.loads(
        subprocess.run(launched, capture_output=True, check=True).stdout
    )
    files = [file for file in job.folder.rglob("*.jpg") if file.stat().st_size > 50_000]
    if status or len(files) != len(job.urls):
        raise SystemExit(
            f"{client.name} ended with {status} and {len(files)} of {len(job.urls)} pictures: "
            + said.read_text("utf-8", "replace")[-2000:]
        )
    return Took(seconds, cpu, memory / 1024)


def _show(took: dict[tuple[str, str], list[Took]], pictures: int) -> None:
    print(f"{'':<28}{'':>8}{'pictures/s':>12}{'CPU s':>8}{'a CPU s':>9}{'MB':>6}")
    for (name, latency), rounds in sorted(took.items(), key=lambda item: item[0][1]):
        seconds = statistics.median(one.seconds for one in rounds)
        cpu = statistics.median(one.cpu for one in rounds)
        memory = max(one.memory for one in rounds)
        print(
            f"{name:<28}{latency:>8}{pictures / seconds:>12,.0f}{cpu:>8.2f}{pictures / cpu:>9,.0f}{memory:>6,.0f}"
        )


if __name__ == "__main__":
    main()

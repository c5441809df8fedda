"""The clients of the benchmark: name, command and requirement of each."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CONCURRENCY = 32
"""Requests at once, for clients that support it."""
OTHERS = Path(__file__).with_name("others.py")


@dataclass(frozen=True, slots=True)
class Job:
    """The job of a client: the addresses, a new folder for the pictures, and the Python of the rivals."""

    urls: tuple[str, ...]
    folder: Path
    rivals: str

    def write_list(self) -> Path:
        """Write a file with an address on each line."""
        file = self.folder / "urls.txt"
        file.write_text("\n".join(["url", *self.urls]))
        return file


@dataclass(frozen=True, slots=True)
class Client:
    """A client. `prepare` creates its input, untimed, and returns its command."""

    name: str
    prepare: Callable[[Job], list[str]]
    needs: str
    get: str

    def is_installed(self, rivals: str) -> bool:
        """Whether its program or its Python package is installed."""
        program = Path(rivals).with_name(self.needs) if self.get == RIVALS else None
        return bool(program and program.exists()) or bool(shutil.which(self.needs)) or not self.needs


RIVALS = "python3 -m venv rivals && rivals/bin/pip install requests scrapy pillow img2dataset; then --rivals rivals/bin/python"


def _curl(job: Job) -> list[str]:
    settings = job.folder / "curl.txt"
    lines = [
        f'url = "{url}"\noutput = "{job.folder}/{number:05}.jpg"\n' for number, url in enumerate(job.urls)
    ]
    settings.write_text("".join(lines))
    return [
        "curl", "--silent", "--no-progress-meter", "--parallel", "--parallel-max", str(CONCURRENCY), "--config", str(settings)
    ]  # fmt: skip


def _aria2c(job: Job) -> list[str]:
    listed = job.folder / "aria2.txt"
    listed.write_text("\n".join(job.urls))
    return [
        "aria2c", "--quiet", "--max-concurrent-downloads=16", "--file-allocation=none", f"--dir={job.folder}",
        f"--input-file={listed}",
    ]  # fmt: skip


def _img2dataset(job: Job) -> list[str]:
    return [
        str(Path(job.rivals).with_name("img2dataset")), f"--url_list={job.write_list()}", "--input_format=csv",
        "--url_col=url", f"--output_folder={job.folder}/out", "--processes_count=2", "--thread_count=32",
        "--resize_mode=no", "--skip_reencode=True", "--number_sample_per_shard=1000", "--compute_hash=sha256",
        "--enable_wandb=False",
    ]  # fmt: skip


def _other(which: str) -> Callable[[Job], list[str]]:
    return lambda job: [job.rivals, str(OTHERS), which, str(job.write_list()), str(job.folder)]


def _ours(job: Job) -> list[str]:
    from benchmarks.fetch.ours import prepare

    prepare(job.folder, job.urls)
    return [sys.executable, "-m", "benchmarks.fetch.ours", str(job.folder)]


CLIENTS = (
    Client("curl --parallel 32", _curl, "curl", "apt-get install curl"),
    Client("likelens", _ours, "", ""),
    Client("aria2c, 16 at once", _aria2c, "aria2c", "apt-get install aria2"),
    Client("requests, 16 threads", _other("requests"), "img2dataset", RIVALS),
    Client("img2dataset, 2 x 32", _img2dataset, "img2dataset", RIVALS),
    Client("urllib, one by one", _other("urllib"), "", ""),
    Client("Scrapy ImagesPipeline, 32", _other("scrapy"), "scrapy", RIVALS),
)

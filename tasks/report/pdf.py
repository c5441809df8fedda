"""The page as a PDF file, printed by an installed Chromium or Chrome."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tasks.errors import CannotPrint

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
"""Programs that print; the first that is on the PATH is used."""
SECONDS = 180
"""A page of 15 MB prints in some seconds."""


def find_browser() -> str:
    """The path of the program that prints. Raises `CannotPrint` where there is none."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    raise CannotPrint(
        f"A PDF needs Chromium or Google Chrome, and none of {', '.join(BROWSERS)} is on the PATH. Install the package"
        " chromium (Debian: apt install chromium), or use --format html and print the page in a browser."
    )


def print_page(page: Path, output: Path) -> None:
    """Print an HTML file on A4 to the file `output`. Raises `CannotPrint`."""
    browser = find_browser()
    with tempfile.TemporaryDirectory(prefix="likelens-") as profile:
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            f"--user-data-dir={profile}",
            "--no-pdf-header-footer",
            f"--print-to-pdf={output.absolute()}",
            # Chromium refuses to run as root in its sandbox. The page is ours, and its policy lets nothing load.
            *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
            page.absolute().as_uri(),
        ]
        try:
            subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise CannotPrint(_describe(browser, error)) from error
    if not output.is_file():
        raise CannotPrint(
            f"{browser} ended without a PDF file {output}. Use --format html, and print the page."
        )


def _describe(browser: str, error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        reason = f"it took longer than {SECONDS} seconds"
    elif isinstance(error, subprocess.CalledProcessError):
        last = error.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        reason = f"exit status {error.returncode}: {last[0][:200]}"
    else:
        reason = str(error)
    return f"{browser} did not print the page ({reason}). Use --format html, and print the page in a browser."

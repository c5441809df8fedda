"""The picture server of the benchmark: JPEGs like those of a photographer's account, and nginx."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

LATENCY_SECONDS = 0.05
SIZE = (1080, 1350)
MOTIFS = 25
"""Different pictures. Each file is one of them with a unique comment."""
MIN_BYTES, MAX_BYTES = 100_000, 300_000
ECHO_MODULE = Path("/usr/lib/nginx/modules/ngx_http_echo_module.so")
NGINX_ADVICE = "nginx with its echo module is missing; on Debian and Ubuntu, apt-get install nginx-light"


class NoServer(Exception):
    """nginx, or its echo module, is not installed."""


def write_pictures(folder: Path, pictures: int) -> None:
    """Write that many different JPEGs of 100 to 300 KB; the same ones each time."""
    folder.mkdir(parents=True)
    motifs = [_motif(number) for number in range(MOTIFS)]
    for number in range(pictures):
        motif, comment = motifs[number % MOTIFS], f"picture {number:08}".encode()
        segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
        (folder / f"{number:05}.jpg").write_bytes(motif[:2] + segment + motif[2:])


def _motif(number: int) -> bytes:
    """A JPEG of soft noise. The number determines its size within the range."""
    target = MIN_BYTES + (MAX_BYTES - MIN_BYTES) * (number + 0.5) / MOTIFS
    random = np.random.default_rng(number)
    coarse = Image.fromarray(random.integers(0, 256, (SIZE[1] // 6, SIZE[0] // 6, 3), dtype=np.uint8))
    image = coarse.resize(SIZE, Image.Resampling.BICUBIC)
    encoded = b""
    for quality in range(4, 100, 2):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        if encoded and len(buffer.getvalue()) > target:
            break
        encoded = buffer.getvalue()
    return encoded


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[int]:
    """Serve with nginx on a free port of loopback: `/now/…` at once, `/late/…` after 50 ms. Raises `NoServer`."""
    binary = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if binary is None or not ECHO_MODULE.exists():
        raise NoServer(NGINX_ADVICE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    config = folder / "nginx.conf"
    config.write_text(_config(folder, port))
    running = subprocess.Popen([binary, "-p", str(folder), "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, running)
        yield port
    finally:
        running.terminate()
        running.wait(30)


def _config(folder: Path, port: int) -> str:
    user = "user root;" if os.geteuid() == 0 else ""
    return f"""
        load_module {ECHO_MODULE};
        {user}
        daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
        events {{ worker_connections 1024; }}
        http {{
            access_log off; sendfile on; tcp_nodelay on; keepalive_requests 1000000;
            types {{ image/jpeg jpg; }}
            server {{
                listen 127.0.0.1:{port} backlog=1024;
                location /now/ {{ alias {folder}/pictures/; }}
                location /late/ {{ echo_sleep {LATENCY_SECONDS}; echo_exec /file$uri; }}
                location /file/late/ {{ internal; alias {folder}/pictures/; }}
            }}
        }}"""


def _wait_for(port: int, running: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if running.poll() is not None:
            raise NoServer("nginx stopped at once; its error log has the reason")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise NoServer("nginx did not start to listen")

"""Serve moto's S3 alone on a port: `moto.server` chooses a service for each request, and logs it."""

from __future__ import annotations

import sys
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple


class Handler(MotoRequestHandler):
    """Handles a request."""

    def log_request(self, *_: Any) -> None:
        """Log nothing."""


if __name__ == "__main__":
    run_simple(
        "127.0.0.1", int(sys.argv[1]), create_backend_app("s3"), threaded=True, request_handler=Handler
    )

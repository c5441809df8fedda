"""Whether a Prefect server responds at an address."""

from __future__ import annotations


def read_health(api_url: str, seconds: float) -> bool | None:
    """True: a Prefect server responds. False: another program does.

    None where nothing is certain: no response, or an error that a busy server sends too, or one with a password.
    """
    # The settings import this module, and commands that ask no server need not wait for HTTP.
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(f"{api_url.rstrip('/')}/health", timeout=seconds) as response:  # noqa: S310 - http only
            return bool(response.read(16).strip() == b"true")
    except urllib.error.HTTPError as error:
        return False if error.code in (400, 404, 405) else None
    except (OSError, ValueError):
        return None

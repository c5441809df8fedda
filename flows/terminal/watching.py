"""Show a run while it lasts: as a live view, as log lines, or not at all."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from flows.terminal.log_file import new_log_file, redirect_log
from flows.terminal.output import Output
from flows.terminal.rows import StageRows
from tasks.stage_events import StageName, watch
from warehouse.home import Home


@contextmanager
def watch_run(
    home: Home, stages: Sequence[StageName], output: Output, notice: str = ""
) -> Iterator[Path | None]:
    """Show the stages that run in the block; yields the file of the log, or None where it is on standard error.

    The home folder exists; the file has the name of the running command. `notice` is what takes time before the first stage.
    """
    if output == "lines":
        if notice:
            print(notice, file=sys.stderr, flush=True)
        yield None
        return
    command = click.get_current_context().info_name or ""
    file = new_log_file(home.logs, command)
    with redirect_log(file) as terminal:
        try:
            if output == "result":
                yield file
            else:
                from flows.terminal.view import LiveView  # Rich takes a tenth of a second

                rows = StageRows(stages)
                rows.last_line = notice
                with watch(rows), LiveView(f"likelens {command}", rows, terminal).shown():
                    yield file
        finally:
            # Prefect reports the end of its temporary server when the process exits.
            logging.getLogger("prefect").setLevel(logging.WARNING)

"""What keeps a Delta table's folder small: which old files and log entries go, and when."""

from __future__ import annotations

from pathlib import Path

from deltalake import DeltaTable

LOG_RETENTION = "delta.logRetentionDuration"
FILE_RETENTION = "delta.deletedFileRetentionDuration"
MIN_LOG_DAYS = 30
DEFAULT_FILE_DAYS = 7


def set_retention(delta: DeltaTable, keep_hours: int) -> None:
    """Let checkpoints keep the log, and the names of removed files, for as long as the versions must be readable.

    A checkpoint drops the names of files that were removed earlier, and a vacuum does not know then that a version
    needs them. Without the properties the Delta library keeps the log for 30 days, and the names for a week.
    """
    file_days = max(DEFAULT_FILE_DAYS, -(-keep_hours // 24))
    defaults = {LOG_RETENTION: MIN_LOG_DAYS, FILE_RETENTION: DEFAULT_FILE_DAYS}
    days = {LOG_RETENTION: max(MIN_LOG_DAYS, file_days + 1), FILE_RETENTION: file_days}
    stored = delta.metadata().configuration
    changed = {
        name: f"interval {days[name]} days"
        for name, default in defaults.items()
        if stored.get(name, f"interval {default} days") != f"interval {days[name]} days"
    }
    if changed:
        delta.alter.set_table_properties(changed)


def stored_retention(delta: DeltaTable) -> tuple[int, int]:
    """For how many days the log is kept, and for how many the files that were removed from the table."""
    stored = delta.metadata().configuration
    log, files = (
        int(stored.get(name, f"interval {default} days").split()[1])
        for name, default in ((LOG_RETENTION, MIN_LOG_DAYS), (FILE_RETENTION, DEFAULT_FILE_DAYS))
    )
    return log, files


def vacuum_table(delta: DeltaTable, *, full: bool = True) -> int:
    """Write a checkpoint, and delete files that no version needs, by the table's retention; returns how many.

    `full` includes files of that age that the log does not name: those of killed writers, those of a log that was
    removed, and those whose removal a checkpoint has dropped.
    """
    delta.create_checkpoint()
    return len(delta.vacuum(dry_run=False, full=full))


def has_held_rows(folder: Path) -> bool:
    """Whether the table in this folder may ever have had a row or a change; a new one has nothing to purge."""
    log = folder / "_delta_log"
    first = log / f"{0:020d}.json"
    files = {path for path in folder.rglob("*") if path.is_file()}
    return files != {first} or b'"add":' in first.read_bytes()


def purge_table(delta: DeltaTable) -> None:
    """Delete every file that the current version does not need, and all of the log before it."""
    delta.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True)
    delta.alter.set_table_properties({LOG_RETENTION: "interval 0 seconds"})
    delta.create_checkpoint()
    delta.cleanup_metadata()
    delta.alter.set_table_properties({LOG_RETENTION: f"interval {MIN_LOG_DAYS} days"})

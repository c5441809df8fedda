"""What keeps a Delta table's folder small: which old files and log entries go, and when."""

from __future__ import annotations

from deltalake import DeltaTable

LOG_RETENTION = "delta.logRetentionDuration"
MIN_LOG_DAYS = 30


def vacuum_table(delta: DeltaTable, keep_hours: int) -> int:
    """Write a checkpoint, and delete files that no version of the last `keep_hours` needs; returns how many.

    They include files of killed writers. The log stays for as long, so that each of these versions is readable.
    """
    log_days = max(MIN_LOG_DAYS, keep_hours // 24 + 1)
    if delta.metadata().configuration.get(LOG_RETENTION) != f"interval {log_days} days":
        delta.alter.set_table_properties({LOG_RETENTION: f"interval {log_days} days"})
    delta.create_checkpoint()
    return len(delta.vacuum(retention_hours=keep_hours, dry_run=False, full=True))


def purge_table(delta: DeltaTable) -> None:
    """Delete every file that the current version does not need, and all of the log before it."""
    delta.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True)
    delta.alter.set_table_properties({LOG_RETENTION: "interval 0 seconds"})
    delta.create_checkpoint()
    delta.cleanup_metadata()
    delta.alter.set_table_properties({LOG_RETENTION: f"interval {MIN_LOG_DAYS} days"})

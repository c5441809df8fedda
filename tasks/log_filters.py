"""A filter for lines of Prefect's run logs that show an expected failure as an unexpected one."""

from __future__ import annotations

import logging

from prefect.exceptions import FailedRun

_RUN_LOGGERS = ("prefect.task_runs", "prefect.flow_runs")
_ENGINE_EXITED = "Engine execution exited with unexpected exception"
_CONCURRENCY_LOGGER = "prefect._internal.concurrency"
_SLOT_SERVICE = "ConcurrencySlotAcquisitionWithLeaseService"


def drop_repeated_failures() -> None:
    """Drop the lines that repeat a returned failed state. The line of the final state has the same message.

    Prefect 3.8.8 logs two such lines at the level ERROR, in the console and on the server:

    - 'Task run failed with state …' after the last retry, with `exc_info=True` though there is no exception,
      so the line ends in 'NoneType: None' (`prefect.task_engine`).
    - 'Engine execution exited with unexpected exception' with a traceback of `FailedRun`, for a flow that a
      worker runs (`prefect.flow_engine`).

    A third one, 'Service … failed to process item …', comes each time that a limit has no free slot. `tasks.slots` gets
    the same as an exception.

    Exceptions of our code have other types and keep their tracebacks.
    """
    for name in _RUN_LOGGERS:
        # Adding the same filter again has no effect.
        logging.getLogger(name).addFilter(_is_new)
    logging.getLogger(_CONCURRENCY_LOGGER).addFilter(_is_not_a_busy_limit)


def _is_new(record: logging.LogRecord) -> bool:
    if record.exc_info is None:
        return True
    exception = record.exc_info[1]
    if isinstance(exception, FailedRun):
        return record.msg != _ENGINE_EXITED
    return exception is not None


def _is_not_a_busy_limit(record: logging.LogRecord) -> bool:
    return not (isinstance(record.args, tuple) and record.args[:1] == (_SLOT_SERVICE,))

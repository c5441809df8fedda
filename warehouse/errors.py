"""Errors of the warehouse, and what the caller does about each.

WarehouseError
├── DiskFull        stop the run before a file is half-written; free space and run again
├── LakeBusy        retry: another writer holds the table for longer than a write takes
├── LakeDamaged     stop: a table can't be read; the message names it
├── HomeBusy        stop: another run uses the same home folder
├── BadHome         stop: the home folder can't be used, or its path has a character that the lake can't take
├── BadStore        stop: the object store refuses requests, or the settings name none that can be used
├── StoreUnavailable   retry: the object store can't be reached, is too slow or fails
└── NotPublished    stop: there is no database to read yet
"""


class WarehouseError(Exception):
    """Base of all errors that the warehouse raises on purpose; its text is meant for the user."""


class DiskFull(WarehouseError):
    """The disk is full."""


class LakeBusy(WarehouseError):
    """Another writer holds the lock of a table."""


class LakeDamaged(WarehouseError):
    """A table of the lake can't be read or written."""


class HomeBusy(WarehouseError):
    """Another run holds the lock of the home folder."""


class NotPublished(WarehouseError):
    """The home folder has no published database yet."""


class BadHome(WarehouseError):
    """The home folder in the settings can't be used."""


class BadStore(WarehouseError):
    """The object store of the home folder can't be used before someone changes settings, rights or a clock."""


class StoreUnavailable(WarehouseError):
    """The object store can't be reached, is too slow or fails."""

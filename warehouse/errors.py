"""What can go wrong in the warehouse, named by the reaction it wants.

WarehouseError
├── DiskFull        stop the run before something is half-written; free space, run again
├── LakeBusy        retry: another writer holds the table longer than a write takes
├── LakeDamaged     stop: a table can't be read; its text says which
├── HomeBusy        stop: another run works in the same home folder
├── BadHome         stop: the home folder's path has a character that the lake can't take
└── NotPublished    stop: there is no database to read yet
"""


class WarehouseError(Exception):
    """Base of all errors that the warehouse raises on purpose; its text is meant for a person."""


class DiskFull(WarehouseError):
    """The disk has no room left."""


class LakeBusy(WarehouseError):
    """A table stayed locked by another writer."""


class LakeDamaged(WarehouseError):
    """A table of the lake can't be read or written."""


class HomeBusy(WarehouseError):
    """Another run holds the home folder."""


class NotPublished(WarehouseError):
    """The home folder holds no published database yet."""


class BadHome(WarehouseError):
    """The home folder can't be where the settings say."""

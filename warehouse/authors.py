"""Authors of comments: stored as keyed hashes, as names, or not at all; and the list of forgotten authors.

The hash is HMAC-SHA256 (RFC 2104) with a random key of this home folder. So an author has one value here and another
in every other home folder, and nobody can guess names without the key file.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from warehouse.state.shared_authors import share_forgotten, shared_key

if TYPE_CHECKING:
    from warehouse.object_store.client import ObjectStore

AuthorPolicy = Literal["hashed", "named", "dropped"]
"""How authors are stored."""

KEY_BYTES = 32
HASH_DIGITS = 32
"""Hex digits of a stored hash: 128 bits, so that two authors never have the same one."""


@dataclass(frozen=True)
class Authors:
    """The authors of one home folder, stored as `keeping` says. The folder is `HOME/authors`."""

    folder: Path
    keeping: AuthorPolicy = "hashed"
    store: ObjectStore | None = None
    """Where other machines with the same home find the key and the forgotten authors."""

    def stored(self, name: str | None) -> str | None:
        """The stored value of an author; None without a name, or when names are dropped."""
        if name is None or self.keeping == "dropped":
            return None
        return name if self.keeping == "named" else self.keyed(normalise_author(name))

    def keyed(self, text: str) -> str:
        """The keyed hash of a text, in lower-case hex."""
        return hmac.new(self._key, text.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()[
            :HASH_DIGITS
        ]

    def forget(self, name: str) -> None:
        """Store no comments by this author from now on; only the hash of the name is stored."""
        line = self.keyed(normalise_author(name))
        if line not in self._forgotten:
            if self.store is not None:
                share_forgotten(self.store, [line])
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._forgotten_file.open("a", encoding="ascii") as file:
                file.write(f"{line}\n")
            self.__dict__.pop("_forgotten", None)

    def is_forgotten(self, name: str | None) -> bool:
        """Whether comments by this author must not be stored."""
        return (
            name is not None
            and bool(self._forgotten)
            and self.keyed(normalise_author(name)) in self._forgotten
        )

    @cached_property
    def _forgotten(self) -> frozenset[str]:
        file = self._forgotten_file
        return frozenset(file.read_text("ascii").split()) if file.exists() else frozenset()

    @property
    def _forgotten_file(self) -> Path:
        return self.folder / "forgotten"

    @cached_property
    def _key(self) -> bytes:
        file = self.folder / "key"
        if not file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            key = secrets.token_bytes(KEY_BYTES)
            _write_once(file, key if self.store is None else shared_key(self.store, key))
        return file.read_bytes()


def normalise_author(name: str) -> str:
    """One spelling for every form of an author's name: `@Ann` and `ann`."""
    return name.strip().removeprefix("@").casefold()


def _write_once(file: Path, content: bytes) -> None:
    """Create a complete file that only its owner can read; the first of two writers wins."""
    temporary = file.with_name(f".{file.name}-{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(temporary, file)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()

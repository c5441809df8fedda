"""Files of a Hugging Face repository: from its cache, or over the network, once.

Only files that are asked for by name are downloaded, and nothing in them runs. The cache is Hugging Face's own, so
other programs use the same files (`HF_HOME` moves it). What is in the cache is used without a request, so a
repository that changes does not change the labels. `HF_TOKEN` in the environment opens gated repositories.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from classifiers.errors import ClassifierUnavailable, in_one_line

logger = logging.getLogger(__name__)

MAX_DOWNLOAD_BYTES = 8 * 1000**3
"""Limit for one file."""
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def is_repository_name(text: str) -> bool:
    """Whether a text has the form of a repository's name, as `Xenova/clip-vit-base-patch32`."""
    return _NAME.fullmatch(text) is not None and ".." not in text


@dataclass(slots=True)
class Repository:
    """A repository at one revision. `commit` is known when one of its files is in the cache."""

    name: str
    revision: str = ""
    commit: str = ""
    _listing: Mapping[str, int] | None = field(default=None, repr=False)

    def find_cached(self, file: str) -> Path | None:
        """The file in the cache; None if it is not there."""
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(self.name, file, revision=self.commit or self.revision or "main")
        if not isinstance(found, str):
            return None
        path = Path(found)
        self.commit = self.commit or path.parents[len(PurePosixPath(file).parts) - 1].name
        return path

    def list_cached(self) -> set[str]:
        """The files of the revision that are in the cache."""
        config = self.find_cached("config.json")
        if config is None:
            return set()
        files = (file for file in config.parent.rglob("*") if file.is_file())
        return {file.relative_to(config.parent).as_posix() for file in files}

    def list_files(self) -> Mapping[str, int]:
        """The repository's files with their sizes in bytes. Raises `ClassifierUnavailable`."""
        if self._listing is None:
            from huggingface_hub import HfApi

            with self._errors():
                info = HfApi().model_info(
                    self.name, revision=self.commit or self.revision or None, files_metadata=True
                )
            self._listing = {one.rfilename: one.size or 0 for one in info.siblings or []}
        return self._listing

    def fetch(self, file: str) -> Path:
        """The file, downloaded if it is not in the cache. Raises `ClassifierUnavailable`."""
        if (found := self.find_cached(file)) is not None:
            return found
        size = self.list_files().get(file)
        if size is None:
            raise ClassifierUnavailable(
                f"The Hugging Face repository {self.name} has no file {file}. Set model to a repository with"
                " ONNX files, as docs/classifiers.md lists them."
            )
        if size > MAX_DOWNLOAD_BYTES:
            raise ClassifierUnavailable(
                f"The file {file} of {self.name} has {size / 1e9:.1f} GB; the limit is"
                f" {MAX_DOWNLOAD_BYTES / 1e9:.0f} GB. Set model to a smaller one."
            )
        logger.info("downloading %s of %s (%.1f MB)", file, self.name, size / 1e6)
        with self._errors():
            self._request(file)
        if (found := self.find_cached(file)) is None:
            raise ClassifierUnavailable(
                f"The Hugging Face repository {self.name} changed during the download. Run again."
            )
        return found

    def fetch_optional(self, file: str) -> Path | None:
        """As `fetch`; None if the repository does not have the file, which the cache remembers."""
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

        revision = self.commit or self.revision or "main"
        if try_to_load_from_cache(self.name, file, revision=revision) is None:
            with self._errors():
                try:
                    self._request(file)
                except LocalEntryNotFoundError:  # there is no network
                    raise
                except EntryNotFoundError:
                    return None
        return self.find_cached(file)

    def _request(self, file: str) -> None:
        from huggingface_hub import hf_hub_download
        from tqdm import tqdm

        class NoBar(tqdm):  # type: ignore[misc]
            """The log has a line instead: a run's output may go to a file."""

            def __init__(self, *args: Any, **settings: Any) -> None:
                super().__init__(*args, **{**settings, "disable": True})

        revision = self.commit or self.revision or "main"
        hf_hub_download(self.name, file, revision=revision, tqdm_class=NoBar)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Raise `ClassifierUnavailable` for the errors of a request."""
        from huggingface_hub.errors import (
            GatedRepoError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )

        try:
            yield
        except GatedRepoError as error:
            raise ClassifierUnavailable(
                f"The Hugging Face repository {self.name} is open only to accounts that accepted its terms. Accept"
                " them on its page, and set the account's token as HF_TOKEN in the environment."
            ) from error
        except RepositoryNotFoundError as error:
            raise ClassifierUnavailable(
                f"Hugging Face has no repository {self.name}, or it is private. Correct model; for a private one"
                " set the account's token as HF_TOKEN in the environment."
            ) from error
        except RevisionNotFoundError as error:
            raise ClassifierUnavailable(
                f"The Hugging Face repository {self.name} has no revision {self.revision!r}. Set revision to a"
                " branch, a tag or a complete commit hash, or remove it."
            ) from error
        except Exception as error:  # its HTTP libraries, and their errors, differ between versions
            raise ClassifierUnavailable(
                f"{self.name} can't be downloaded from Hugging Face ({in_one_line(error)}). Run once with a network"
                " connection, or set model to a folder with its files."
            ) from error

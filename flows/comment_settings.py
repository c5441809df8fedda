"""The table `[comments]` of the settings: how comments are read, and whether the report may quote them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo

from tasks.read_comments.language import LANGUAGES
from tasks.read_comments.options import TONE_LANGUAGES, ReadOptions


def _check_languages(names: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := [name for name in names if name not in LANGUAGES]:
        raise ValueError(f"there is no language {unknown[0]!r}; it is one of {', '.join(LANGUAGES)}")
    return tuple(dict.fromkeys(names))


def _place_folder(folder: Path | None, info: ValidationInfo) -> Path | None:
    if folder is None:
        return None
    if not folder.parts:
        raise ValueError("write the folder of a model, or leave the line out")
    assert isinstance(info.context, Path), "read_settings passes the file"
    return info.context.absolute().parent / folder.expanduser()


Languages = Annotated[tuple[str, ...], AfterValidator(_check_languages)]


class CommentSettings(BaseModel):
    """The table `[comments]`; paths are relative to the settings file. Without languages all are meant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    languages: Languages = ()
    tone_model: Annotated[Path | None, AfterValidator(_place_folder)] = None
    tone_languages: Languages = ()
    quote: bool = False

    def read_options(self, *, are_scraped: bool) -> ReadOptions:
        """How the stage reads comments; `are_scraped` as in `ReadOptions`."""
        languages = self.languages or LANGUAGES
        return ReadOptions(
            languages,
            self.tone_model,
            tuple(one for one in self.tone_languages or TONE_LANGUAGES if one in languages),
            are_scraped,
        )

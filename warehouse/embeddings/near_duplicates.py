"""Near-duplicates: pictures that are another one re-encoded, resized, cropped a little, brighter or darker.

They are found as `warehouse.embeddings.similar` finds similar pictures: candidates by their codes, then the exact cosine of
these. The cosine of two pictures depends on nothing but these two, so that a new picture changes no older result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

MIN_COSINE = 0.90
"""Embeddings with this cosine or more are near-duplicates: docs/measurements.md has figures."""
MAX_BITS = 320
"""Pictures whose codes differ in more of 1,024 bits are no candidates: 192 is the most that was measured from 0.90."""
MAX_COMPARED = 2048
"""Pictures that are compared at once."""
MAX_ORIGINALS = 8192
"""Originals that they are compared with at once: 42 MB for 1,280 dimensions."""
_CODE_ROWS = 8
"""Codes that are compared with others at once: the numbers then fit in the processor's cache."""

UnitVectors = Mapping[str, NDArray[np.float32]]
"""Embeddings of length 1 by the picture's hash."""


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """A picture's hash, that of its original, and their cosine."""

    sha256: str
    original: str
    similarity: float


@dataclass(frozen=True, slots=True)
class AccountPictures:
    """Pictures of one account in the order in which they were first posted, with their codes, shape (pictures, 16).

    `originals` are the numbers of pictures that are near-duplicates of none. Pictures from the number `start` on are not
    compared yet; all before it that are not in `originals` are near-duplicates.
    """

    source: str
    account: str
    hashes: Sequence[str]
    codes: NDArray[np.uint64]
    originals: list[int]
    start: int = 0


@dataclass(slots=True)
class Comparison:
    """The next pictures of an account, and what is known of them: the original of each, and which are like each other."""

    pictures: AccountPictures
    numbers: range
    found: dict[int, tuple[int, float]] = field(default_factory=dict)
    candidates: NDArray[np.bool_] = field(default_factory=lambda: np.empty((0, 0), np.bool_))
    others: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def select(self, others: Sequence[int]) -> set[str]:
        """Choose which pictures are compared now; returns the hashes whose embeddings `match` needs."""
        codes = self.pictures.codes
        self.others = np.array(others, np.int64)
        self.candidates = have_near_codes(codes[self.numbers.start : self.numbers.stop], codes[self.others])
        # A picture is a candidate for those after it.
        self.candidates &= self.others < np.arange(self.numbers.start, self.numbers.stop)[:, np.newaxis]
        rows, columns = (np.flatnonzero(self.candidates.any(axis=axis)) for axis in (1, 0))
        self.others, self.candidates = self.others[columns], self.candidates[:, columns]
        numbers = [*(rows + self.numbers.start).tolist(), *self.others.tolist()]
        return {self.pictures.hashes[number] for number in numbers}

    def match(self, vectors: UnitVectors) -> None:
        """Give each picture the first of the chosen ones that it nearly equals and that is an original."""
        if not self.others.size:
            return
        hashes = self.pictures.hashes
        columns = np.stack([vectors[hashes[number]] for number in self.others])
        for row in np.flatnonzero(self.candidates.any(axis=1)).tolist():
            number = self.numbers.start + row
            if number in self.found:
                continue
            near = np.flatnonzero(self.candidates[row])
            for column, cosine in zip(
                near.tolist(), (columns[near] @ vectors[hashes[number]]).tolist(), strict=True
            ):
                other = int(self.others[column])
                if cosine >= MIN_COSINE and other not in self.found:
                    self.found[number] = (other, min(1.0, cosine))
                    break


def have_near_codes(codes: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether the codes differ in at most `MAX_BITS`, shape (codes, others)."""
    near = np.empty((len(codes), len(others)), np.bool_)
    words = np.ascontiguousarray(others.T)
    for start in range(0, len(codes), _CODE_ROWS):
        some = codes[start : start + _CODE_ROWS]
        bits = np.zeros((len(some), len(others)), np.uint16)
        for number, word in enumerate(words):
            bits += np.bitwise_count(some[:, number, np.newaxis] ^ word)
        near[start : start + _CODE_ROWS] = bits <= MAX_BITS
    return near


def find_near_duplicates(
    accounts: Sequence[AccountPictures], read_vectors: Callable[[set[str]], UnitVectors]
) -> Iterator[tuple[AccountPictures, list[NearDuplicate]]]:
    """The near-duplicates among the pictures that are not compared yet; those of an account in one or more parts.

    The original is the picture of the account that was posted first of those with `MIN_COSINE` or more that are
    themselves near-duplicates of none. So no chain connects two pictures that differ. `read_vectors` reads the embeddings
    of candidates, at most those of `MAX_COMPARED` pictures and `MAX_ORIGINALS` others of each account.
    """
    longest = max((len(one.hashes) - one.start for one in accounts), default=0)
    for first in range(0, longest, MAX_COMPARED):
        comparisons = [
            Comparison(one, range(start, min(start + MAX_COMPARED, len(one.hashes))))
            for one in accounts
            if (start := one.start + first) < len(one.hashes)
        ]
        most = max(len(one.pictures.originals) for one in comparisons)
        for part in range(0, most, MAX_ORIGINALS):
            chosen = [one.pictures.originals[part : part + MAX_ORIGINALS] for one in comparisons]
            _compare(comparisons, chosen, read_vectors)
        _compare(comparisons, [one.numbers for one in comparisons], read_vectors)
        for one in comparisons:
            one.pictures.originals.extend(number for number in one.numbers if number not in one.found)
            hashes = one.pictures.hashes
            yield (
                one.pictures,
                [
                    NearDuplicate(hashes[number], hashes[original], cosine)
                    for number, (original, cosine) in one.found.items()
                ],
            )


def _compare(
    comparisons: Sequence[Comparison],
    others: Sequence[Sequence[int]],
    read_vectors: Callable[[set[str]], UnitVectors],
) -> None:
    hashes: set[str] = set()
    for comparison, chosen in zip(comparisons, others, strict=True):
        hashes |= comparison.select(chosen)
    if hashes:
        vectors = read_vectors(hashes)
        for comparison in comparisons:
            comparison.match(vectors)

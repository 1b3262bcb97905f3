"""Metrics of text."""
from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ...errors import ArgumentError
from .base import Metric

Words = Sequence[Any]


class BLEU(Metric):
    """How much the n-grams of sentences agree with those of references: Papineni et al., 2002.

    update(candidates, references): a list of sentences, each a list of words, and for each a list of references.
    n: the longest n-grams that count. The number is that of the whole corpus, not a mean over sentences.
    """
    name = "bleu"
    matches: list[int]
    possible: list[int]

    def __init__(self, n: int = 4) -> None:
        self.n = n
        super().__init__()

    def sums(self) -> dict[str, Any]:
        return {"matches": [0] * self.n, "possible": [0] * self.n, "length": 0, "reference_length": 0}

    def update(self, output: Sequence[Words], target: Sequence[Sequence[Words]]) -> None:
        for sentence, references in zip(map(plain, output), map(plain, target), strict=True):
            if not references or any(isinstance(words, (str, int)) for words in (sentence, references, *references)):
                raise ArgumentError("BLEU: a sentence must be a list of words, and have a list of such as references; got "
                                    f"{sentence!r:.60} and {references!r:.60}; split() strings, and put a single reference into a list")
            self.length: int = self.length + len(sentence)
            references = [plain(reference) for reference in references]
            nearest = min(references, key=lambda r: (abs(len(r) - len(sentence)), len(r)))
            self.reference_length: int = self.reference_length + len(nearest)
            for k in range(self.n):
                found = grams(sentence, k + 1)
                allowed: Counter[Any] = Counter()
                for reference in references:
                    allowed |= grams(reference, k + 1)
                self.matches[k] += sum((found & allowed).values())
                self.possible[k] += sum(found.values())

    def compute(self) -> float:
        if not self.length:
            return float("nan")
        if not all(self.matches):
            return 0.0
        precision = math.fsum(math.log(m / p) for m, p in zip(self.matches, self.possible)) / self.n
        return math.exp(precision + min(0.0, 1 - self.reference_length / self.length))


def plain(words: Any) -> Any:
    """A list in place of a tensor or an array of word numbers."""
    return words.tolist() if hasattr(words, "tolist") else words


def grams(words: Words, n: int) -> Counter[Any]:
    """How often each run of n words occurs."""
    return Counter(tuple(words[i:i + n]) for i in range(len(words) - n + 1))

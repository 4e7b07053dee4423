"""The one kind of error that a user's input may cause, and how it is worded."""

import difflib
from collections.abc import Iterable


class UsageError(ValueError):
    """Input that cannot be used; one line that names the field, what it got and what it takes."""


def wrong(name: str, got: object, takes: str) -> UsageError:
    """Word the error for a refused value.

    >>> print(wrong("train_fraction", 1.5, "a number in (0, 1)"))
    train_fraction: got 1.5, takes a number in (0, 1)
    """
    return UsageError(f"{name}: got {got!r}, takes {takes}")


LISTED = {"field": "mini run STUDY --help"}  # by the kind of name; the rest by `mini list`


def unknown(kind: str, name: str, known: Iterable[str], listed: str = "") -> UsageError:
    """Word the error for an unknown name, and offer the nearest known one; where there are many, say what lists them.

    >>> print(unknown("study", "groking", ["grokking", "forgetting"]))
    study: no 'groking'; did you mean 'grokking'? (forgetting, grokking)
    >>> print(unknown("study", "?", ["grokking", "forgetting"]))
    study: no '?' (forgetting, grokking)
    """
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    listing = ", ".join(known) if len(known) <= 30 else f"{len(known)} known, see `{listed or LISTED.get(kind, 'mini list')}`"
    return UsageError(f"{kind}: no {name!r}{hint} ({listing})")

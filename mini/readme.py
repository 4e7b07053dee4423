"""Everything printed that the ledger decides: the committed ledger, the README's table and its figures."""

import shutil
import sys
from pathlib import Path

from mini import claims

BEGIN, END = "<!-- claims: made by `make ledger` -->", "<!-- end of claims -->"
SHOWN = ("grokking-curves", "corrupted-pruning", "early-learning-fractions", "forgetting-dissociation")  # in the README


def with_table(text: str, entries: list[claims.Entry]) -> str:
    """The README's text with the table of claims between its marks.

    >>> with_table(f"a {BEGIN} old {END} b", []).count("old")
    0
    """
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables(entries)}\n\n{summary(entries)}\n\n{END}{after}"


def tables(entries: list[claims.Entry]) -> str:
    """The headline claims in one table, and the others folded away, study by study."""
    parts = [claims.table([e for e in entries if e.headline])]
    for study in dict.fromkeys(e.study for e in entries):
        others = [e for e in entries if e.study == study and not e.headline]
        if others:
            parts.append(f"<details><summary>{len(others)} more of <code>{study}</code></summary>\n\n"
                         f"{claims.table(others)}\n\n</details>")
    return "\n\n".join(parts)


def summary(entries: list[claims.Entry]) -> str:
    """How many claims have which verdict, in a sentence."""
    count = {v: [e.id for e in entries if e.verdict == v]
             for v in (claims.REPRODUCED, claims.NOT_HERE, claims.UNDECIDED)}
    parts = [f"{len(ids)} {v}" + (f" ({', '.join(f'`{i}`' for i in ids)})" if v != claims.REPRODUCED else "")
             for v, ids in count.items() if ids]
    return f"{len(entries)} claims in the laptop preset: {'; '.join(parts)}."


def main(folder: str) -> None:
    """Take a reproduction over: its ledger and figures into `data/`, its table into the README."""
    root, source = Path(__file__).parents[1], Path(folder)
    entries = claims.read_ledger(source / "claims.json")
    claims.write_ledger(entries, root / "data" / "claims.json")
    for name in SHOWN:
        shutil.copy(source / "figures" / f"{name}.svg", root / "data" / f"{name}.svg")
    readme = root / "README.md"
    readme.write_text(with_table(readme.read_text(), entries))
    print(summary(entries))


if __name__ == "__main__":
    main(*sys.argv[1:])

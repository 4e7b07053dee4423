"""Everything in print that follows from the ledger: the committed ledger itself, the README's tables and its figures."""

import shutil
import sys
from pathlib import Path

from mini import claims
from mini.errors import UsageError, unknown
from mini.files import write_text
from mini.studies import all_claims

BEGIN, END = "<!-- claims: made by `make ledger` -->", "<!-- end of claims -->"
LEDGERS = {  # in data/; the last holds what the first leaves undecided, on fresh seeds alone
    "laptop": "claims.json", "paper": "claims-paper.json", "fresh": "claims-fresh.json"}
SHOWN = ("grokking-curves", "corrupted-pruning", "early-learning-fractions", "forgetting-dissociation")  # in the README


def with_tables(text: str, entries: list[claims.Entry], published: list[claims.Entry], fresh: list[claims.Entry]) -> str:
    """The README's text with the tables of all ledgers between its marks.

    >>> with_tables(f"a {BEGIN} old {END} b", [], [], []).count("old")
    0
    """
    if not 0 <= text.find(BEGIN) < text.find(END):
        raise UsageError(f"README: takes the marks {BEGIN!r} and {END!r}, in this order; the tables stand between them")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    known = sum("paper" in claim.settings for _, claim in all_claims().values())
    at_length = folded(f"{len(published)} of {known} at a larger setting, the paper's own where it has one "
                       "(<code>--preset paper</code>)", published)
    again = folded(f"{len(fresh)} that these seeds leave undecided, measured on fresh seeds alone", fresh)
    told = "\n\n".join([tables(entries), at_length, again, summary(entries, "in the laptop preset"),
                        summary(published, "in the paper preset"), summary(fresh, "of the undecided, on fresh seeds alone")])
    return f"{before}{BEGIN}\n\n{told}\n\n{END}{after}"


def tables(entries: list[claims.Entry]) -> str:
    """The headline claims in one table, and the others folded away, study by study."""
    parts = [claims.table([e for e in entries if e.headline])]
    for study in dict.fromkeys(e.study for e in entries):
        others = [e for e in entries if e.study == study and not e.headline]
        if others:
            parts.append(folded(f"{len(others)} more of <code>{study}</code>", others))
    return "\n\n".join(parts)


def folded(title: str, entries: list[claims.Entry]) -> str:
    """A table that opens when its title is clicked."""
    return f"<details><summary>{title}</summary>\n\n{claims.table(entries)}\n\n</details>"


def summary(entries: list[claims.Entry], where: str) -> str:
    """How many claims have which verdict, in a sentence."""
    count = {v: [e.id for e in entries if e.verdict == v]
             for v in (claims.REPRODUCED, claims.NOT_HERE, claims.UNDECIDED)}
    parts = [f"{len(ids)} {v}" + (f" ({', '.join(f'`{i}`' for i in ids)})" if v != claims.REPRODUCED else "")
             for v, ids in count.items() if ids]
    return f"{len(entries)} claims {where}: {'; '.join(parts)}."


def merged(old: list[claims.Entry], new: list[claims.Entry]) -> list[claims.Entry]:
    """A ledger with new measurements in place of old ones, in the order of the claims; what is no longer a claim is dropped."""
    found = {e.id: e for e in (*old, *new)}
    return [found[name] for name in all_claims() if name in found]


def main(folder: str, name: str = "") -> None:
    """Take over a reproduction, of all claims or of some: its ledger and those of its figures that the README shows (in the
    laptop preset) go into `data/`, and the tables into the README.

    Args:
      name: of the ledger; that of the preset unless it is given as `fresh`.
    """
    if name and name not in LEDGERS:
        raise unknown("ledger", name, LEDGERS)
    root, source = Path(__file__).parents[1], Path(folder)
    measured = claims.read_ledger(source / "claims.json")
    for e in measured:
        claim = all_claims()[e.id][1]
        if e.seeds < claims.MIN_SEEDS and not (claim.count or claim.exact):
            raise UsageError(f"{e.id}: measured over {e.seeds} seeds; a ledger takes {claims.MIN_SEEDS} or more")
    (preset,) = {e.preset for e in measured}
    ledger = root / "data" / LEDGERS[name or preset]
    entries = merged(claims.read_ledger(ledger), measured)
    claims.write_ledger(entries, ledger)
    drawn = [source / "figures" / f"{figure}.svg" for figure in SHOWN] if preset == "laptop" else []
    for figure in filter(Path.exists, drawn):
        shutil.copy(figure, root / "data")
    readme = root / "README.md"
    tabled = with_tables(readme.read_text(encoding="utf-8"), *(claims.read_ledger(root / "data" / n) for n in LEDGERS.values()))
    write_text(readme, tabled)
    print(summary(entries, f"in {ledger.name}"))


if __name__ == "__main__":
    try:
        if not 2 <= len(sys.argv) <= 3 or sys.argv[1].startswith("-"):
            raise UsageError("usage: python -m mini.readme FOLDER [fresh], a folder that `mini reproduce` wrote")
        main(*sys.argv[1:])
    except (UsageError, OSError) as error:
        sys.exit(f"readme: {error}")

"""The report: one HTML page with the ledger and the figures, readable without a network."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2

from mini import claims
from mini.files import stem, write_text


def write(entries: Sequence[claims.Entry], figures: Sequence[Mapping], path: Path, *, seconds: float,
          preset: str, versions: Mapping[str, str], left: int = 0) -> None:
    """Write the page beside the folder `figures/` that it shows; `left` claims and figures are still to come."""
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    page = jinja2.Environment(loader=loader, autoescape=True).get_template("report.html").render(
        entries=entries, figures=figures, seconds=seconds, preset=preset, versions=versions, left=left,
        number=claims.number, criterion=claims.criterion_text,
        file=lambda name: f"figures/{stem(name)}")
    write_text(path, page)

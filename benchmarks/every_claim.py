"""What every claim costs, study by study: half an hour on two cores."""

from benchmarks import claims


def run(quick: bool) -> list[dict]:
    return claims.run(quick, everything=True)

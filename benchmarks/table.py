"""The table, a line at a time, so that it can grow while the benchmarks run."""

from __future__ import annotations

from benchmarks.figures import Figure

NAME_WIDTH, VALUE_WIDTH, UNIT_WIDTH, TARGET_WIDTH = 62, 10, 12, 9  # characters
_VERDICTS = {True: "holds", False: "MISSED", None: ""}


def header() -> str:
    """Return the first two lines."""
    line = _columns("figure", "value", "unit", "target", "")
    return f"{line}\n{'-' * (NAME_WIDTH + VALUE_WIDTH + UNIT_WIDTH + TARGET_WIDTH + 12)}"


def row(figure: Figure) -> str:
    """Return the line of one figure."""
    return _columns(
        figure.name, _number(figure.value), figure.unit, figure.target or "", _VERDICTS[figure.holds]
    ).rstrip()


def summary(figures: list[Figure]) -> str:
    """Return the last line: how many targets hold, and which do not."""
    with_target = [figure for figure in figures if figure.holds is not None]
    missed = [figure.name for figure in with_target if not figure.holds]
    verdict = f"{len(with_target) - len(missed)} of {len(with_target)} targets hold"
    return f"{verdict}; missed: {', '.join(missed)}" if missed else verdict


def _columns(name: str, value: str, unit: str, target: str, verdict: str) -> str:
    return f"{name:<{NAME_WIDTH}} {value:>{VALUE_WIDTH}}  {unit:<{UNIT_WIDTH}} {target:<{TARGET_WIDTH}} {verdict}"


def _number(value: float) -> str:
    """Return all digits of a count, four significant ones of a measure."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"

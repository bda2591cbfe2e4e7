"""How `mmplay fidelity` prints real numbers beside simulated ones."""

from __future__ import annotations

from collections.abc import Sequence

from mmplay.commands.output import print_json, tell
from mmplay.recordings.fidelity.quantities import Window
from mmplay.recordings.fidelity.rows import FidelityRow, summary_of

OUT = 1
"""Exit status: a number that a rule decides is further off than it may be."""


def status_of(rows: Sequence[FidelityRow]) -> int:
    """Return OUT if a rule row is out of its bound, else 0."""
    return OUT if summary_of(rows).out else 0


def print_comparison(
    csv: str, scenario: str, variant: str, span_us: Window, rows: Sequence[FidelityRow]
) -> None:
    """Print a comparison as one JSON object."""
    total = summary_of(rows)
    print_json(
        {
            "csv": csv,
            "scenario": scenario,
            "variant": variant,
            "at_us": span_us[0],
            "until_us": span_us[1],
            "rows": [row.as_json() for row in rows],
            "rule_rows": total.rule_rows,
            "rule_rows_within": total.rule_rows_within,
        }
    )


def print_rows(rows: Sequence[FidelityRow]) -> None:
    """Print rows as a table, and what they come to."""
    widest = max(len(row.quantity) for row in rows)
    head = f"{'real':>11} {'simulated':>11} {'error':>11} {'bound':>9}"
    tell(f"{'quantity':<{widest}} {head}  decided by")
    for row in rows:
        numbers = f"{_text(row.real):>11} {_text(row.simulated):>11} {_signed(row.error):>11}"
        tell(f"{row.quantity:<{widest}} {numbers} {_text(row.bound, ''):>9}  {_told(row)}")
    tell("", summary_of(rows).sentence)


def _text(number: int | None, none: str = "none") -> str:
    return none if number is None else str(number)


def _signed(number: int | None) -> str:
    return "" if number is None else f"{number:+d}"


def _told(row: FidelityRow) -> str:
    told = row.kind if row.within is None else f"{row.kind}: {'within' if row.within else 'OUT'}"
    return told if row.spread is None else f"{told} ({row.spread[0]} to {row.spread[1]})"

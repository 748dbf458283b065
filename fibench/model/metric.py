"""What a number is: its unit, which way is better, and whether it is timed or counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a kind. `unit` is a base unit ("s", "B", "1/s", "1"); `counted` values carry no sampling noise."""

    name: str
    unit: str = "s"
    direction: Direction = "lower"
    counted: bool = False
    about: str = ""
    column: str = ""
    """Where each block holds many requests: the column of their raw records that the block's value is the median of."""
    bracket: bool = False
    """True for a value that is searched for: blocks come with `NAME_low` and `NAME_high`, between which the truth lies."""

    @property
    def words(self) -> tuple[str, str]:
        """The verdict's words for a gain and for a loss."""
        return ("FASTER", "SLOWER") if self.unit == "s" and self.name != "cpu" else ("BETTER", "WORSE")

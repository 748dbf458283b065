"""`make calibrate`: every number, about half an hour; `--quick` a tenth of the repetitions; or name some parts."""

from __future__ import annotations

import argparse

from benchmarks.calibrate import honesty, overhead, peers, power

PARTS = ("overhead", "one", "half", "two", "peers", "honesty")


def main() -> None:
    """Run the chosen parts and print their rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="a tenth of the repetitions")
    chosen = parser.parse_args()
    unknown = set(chosen.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    wanted, share = chosen.parts or PARTS, 10 if chosen.quick else 1
    work = {
        "overhead": overhead.main,
        "one": lambda: power.main(power.ONE, max(2, 20 // share)),
        "half": lambda: power.main(power.HALF, max(2, 10 // share)),
        "two": lambda: power.main(power.TWO, max(2, 10 // share)),
        "peers": lambda: peers.main(max(2, 10 // share)),
        "honesty": lambda: honesty.main(max(10, 200 // share)),
    }
    for part in PARTS:
        if part in wanted:
            work[part]()


if __name__ == "__main__":
    main()

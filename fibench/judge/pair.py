"""Pairs of variants that ran in the same rounds → one log-ratio per inference unit."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from fibench.model.case import CONTROL
from fibench.model.metric import Metric
from fibench.model.run import CaseRecord, Generation
from fibench.stats.sequential import Floats

NOTHING: Floats = np.empty(0)


class NotPositiveError(ValueError):
    """A value of zero or less has no logarithm, so there is no ratio."""


def gains(record: CaseRecord, metric: Metric, baseline: str, candidate: str) -> Floats:
    """ln(gain of candidate over baseline), one per unit (shape (n,)): above 0 the candidate is better."""
    sign = 1.0 if metric.direction == "lower" else -1.0
    return sign * log_ratios(record, metric.name, baseline, candidate)


def log_ratios(record: CaseRecord, metric: str, over: str, under: str) -> Floats:
    """ln(metric(over) / metric(under)), one per unit: the median of a generation's rounds, or each round."""
    if record.unit == "round":
        per_round = [_remembered_ratios(generation, metric, over, under) for generation in record.generations]
        return np.concatenate(per_round) if per_round else NOTHING
    medians = [_median_ratio(generation, metric, over, under) for generation in record.generations]
    return np.array([median for median in medians if median is not None])


def unit_values(record: CaseRecord, metric: str, variant: str) -> Floats:
    """One value per unit: the median of the variant's blocks in a generation, or each block where rounds are the unit."""
    values = [blocks([generation], metric, variant) for generation in record.generations]
    if record.unit == "round":
        return np.concatenate(values) if values else NOTHING
    return np.array([np.median(found) for found in values if len(found)])


def units(record: CaseRecord) -> int:
    """How many inference units were measured (control rounds are none)."""
    if record.unit == "generation":
        return len(record.generations)
    return sum(_rounds_of_variants(generation) for generation in record.generations)


@lru_cache(maxsize=1 << 16)
def _rounds_of_variants(generation: Generation) -> int:
    twins = {number for number, name in zip(generation.rounds, generation.variants, strict=True) if name == CONTROL}
    return len(set(generation.rounds) - twins)


def unit_shares(record: CaseRecord, metric: str, of: str, variant: str) -> Floats:
    """The share metric / of, one per generation: the median over its blocks."""
    shares = []
    for generation in record.generations:
        part, whole = blocks([generation], metric, variant), blocks([generation], of, variant)
        if len(part) and len(part) == len(whole) and (whole > 0).all():
            shares.append(np.median(part / whole))
    return np.array(shares)


@lru_cache(maxsize=1 << 16)
def _median_ratio(generation: Generation, metric: str, over: str, under: str) -> float | None:
    """Remembered: after every generation all the earlier ones are looked at again."""
    ratios = round_ratios(generation, metric, over, under)
    return float(np.median(ratios)) if len(ratios) else None


@lru_cache(maxsize=1 << 16)
def _remembered_ratios(generation: Generation, metric: str, over: str, under: str) -> Floats:
    return round_ratios(generation, metric, over, under)


def blocks(generations: Iterable[Generation], metric: str, variant: str) -> Floats:
    """All block values of a variant, in order; blocks without a number (NaN) are left out."""
    parts = [
        np.asarray(generation.metrics[metric], dtype=float)[_where(generation, variant)]
        for generation in generations
        if metric in generation.metrics
    ]
    found = np.concatenate(parts) if parts else NOTHING
    return found[~np.isnan(found)]


def _where(generation: Generation, variant: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([name == variant for name in generation.variants])


def round_ratios(generation: Generation, metric: str, over: str, under: str) -> Floats:
    """Mean log of `over` minus mean log of `under` in every round that holds both."""
    if metric not in generation.metrics:
        return NOTHING
    rounds = np.asarray(generation.rounds)
    values = np.asarray(generation.metrics[metric], dtype=float)
    known = ~np.isnan(values)  # an invalid window takes its round with it
    top, bottom = _where(generation, over) & known, _where(generation, under) & known
    used = values[top | bottom]
    if np.isinf(used).any():
        raise NotPositiveError(f"{metric} lies among failed requests in some windows, so there is no ratio")
    if not (used > 0).all():
        raise NotPositiveError(f"{metric} is zero or negative in some blocks, so there is no ratio")
    logs = np.log(np.where(values > 0, values, 1.0))
    size = int(rounds.max()) + 1 if len(rounds) else 0

    def mean(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[Floats, Floats]:
        count = np.bincount(rounds[mask], minlength=size).astype(float)
        return np.bincount(rounds[mask], weights=logs[mask], minlength=size).astype(float), count

    (top_sum, top_count), (bottom_sum, bottom_count) = mean(top), mean(bottom)
    both = (top_count > 0) & (bottom_count > 0)
    found: Floats = top_sum[both] / top_count[both] - bottom_sum[both] / bottom_count[both]
    return found

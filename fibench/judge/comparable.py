"""May two runs be compared at all? The fields that differ, by name."""

from __future__ import annotations

from fibench.model.case import Case, Variant
from fibench.model.fingerprint import Fingerprint
from fibench.model.run import CaseRecord

DECISIVE = ("host", "cpu", "cores", "quota", "kernel", "python", "build")
"""Fields whose change makes another machine of it."""


def differences(one: Fingerprint, other: Fingerprint) -> list[str]:
    """ "python 3.11.7 → 3.12.1", "orjson 3.10 → 3.11": everything that forbids a comparison; empty when none does."""
    found = [
        f"{name} {getattr(one, name)} → {getattr(other, name)}"
        for name in DECISIVE
        if getattr(one, name) != getattr(other, name)
    ]
    for name in sorted(one.packages.keys() | other.packages.keys()):
        versions = one.packages.get(name, "absent"), other.packages.get(name, "absent")
        if versions[0] != versions[1]:
            found.append(f"{name} {versions[0]} → {versions[1]}")
    return found


def same_work(one: Case, other: Case) -> list[str]:
    """What differs in what the two cases measure; empty when their keys are equal."""
    if one.key == other.key:
        return []
    found = [f"kind {one.kind} → {other.kind}"] if one.kind != other.kind else []
    sides = {variant.name: variant for variant in one.variants}
    for variant in other.variants:
        if variant.name in sides:
            found += _changed(f"{variant.name}.", _flat(sides[variant.name]), _flat(variant))
    return found or ["the scenario was changed (other variants or block settings)"]


def same_modules(one: CaseRecord, other: CaseRecord) -> list[str]:
    """Third-party modules that the targets imported in other versions; those on one side only are part of the work."""
    before, after = _modules(one), _modules(other)
    both = sorted(before.keys() & after.keys())
    return [f"{name} {before[name]} → {after[name]}" for name in both if before[name] != after[name]]


def same_code(one: CaseRecord, other: CaseRecord) -> bool:
    """True when every variant's target has the same source in both; kinds without a source of their own always have."""
    return all(source_of(one, variant.name) == source_of(other, variant.name) for variant in one.case.variants)


def source_of(record: CaseRecord, variant: str) -> str:
    """The checksum of a variant's target, as its workers saw it; "" where there is none."""
    for generation in record.generations[:1]:
        return str(generation.facts.get("variants", {}).get(variant, {}).get("source", ""))
    return ""


def _modules(record: CaseRecord) -> dict[str, str]:
    return {name: version for generation in record.generations for name, version in generation.facts.get("modules", {}).items()}


def _flat(variant: Variant) -> dict[str, object]:
    process = {"python": variant.python, "revision": variant.revision}
    return {**variant.params, **process, **{f"env.{name}": value for name, value in variant.env.items()}}


def _changed(prefix: str, before: dict[str, object], after: dict[str, object]) -> list[str]:
    names = sorted(before.keys() | after.keys())
    return [
        f"{prefix}{name} {before.get(name)!r} → {after.get(name)!r}" for name in names if before.get(name) != after.get(name)
    ]

"""What the reader of a load result must know: how the generator fared, what failed, which windows do not count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from fibench import units
from fibench.model.note import Note
from fibench.model.result import CaseResult
from fibench.model.run import CaseRecord
from fibench.workloads.closed import median

MOST = 3
"""Classes of errors that are named."""


def of(record: CaseRecord, result: CaseResult) -> Iterator[Note]:
    """For each variant: the generator's line, the errors, the windows that do not count; then what the label means."""
    title = record.case.title
    for variant in record.case.variants:
        remarks = list(_remarks(record, variant.name))
        if remarks:
            yield Note("generator", f"{variant.name}: {_generator(record, variant.name, remarks)}", scope=title)
            yield from _errors(variant.name, remarks, title)
            yield from _void(variant.name, remarks, title)
            yield from _told(variant.name, remarks, title)


def _remarks(record: CaseRecord, variant: str) -> Iterable[dict[str, Any]]:
    for generation in record.generations:
        for name, remark in zip(generation.variants, generation.remarks, strict=False):
            if name == variant and not remark.get("idle"):
                yield remark


def _generator(record: CaseRecord, variant: str, remarks: list[dict[str, Any]]) -> str:
    """ "offered 500/s, sent 100 % of it; p99 late 0.06 ms, read 0.03 ms after the kernel; client 12 % of a core"."""
    offered, sent = (sum(remark.get(name, 0) for remark in remarks) for name in ("offered", "sent"))
    parts = [f"{len(remarks)} windows, {offered:,} requests"]
    if offered and any(not remark.get("closed") for remark in remarks):
        parts.append(f"{units.percent(sent / offered)} of them sent")
    late, lag, cpu = (median(record, variant, name) for name in ("lateness", "client_lag", "client_cpu"))
    if late is not None and late == late:
        parts.append(f"p99 sent {units.show(late, 's')} after they were due")
    if lag is not None and lag == lag:
        parts.append(f"p99 read {units.show(lag, 's')} after the kernel had them")
    if cpu is not None and cpu == cpu:
        parts.append(f"client {units.percent(cpu)} of a core")
    return ", ".join(parts)


def _errors(variant: str, remarks: list[dict[str, Any]], title: str) -> Iterator[Note]:
    found: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for remark in remarks:
        found.update(remark.get("errors", {}))
        examples = {**remark.get("examples", {}), **examples}
    if found:
        named = ", ".join(f"{name} ×{count:,}" for name, count in found.most_common(MOST))
        more = f" and {len(found) - MOST} more kinds" if len(found) > MOST else ""
        hint = next((examples[name] for name, _ in found.most_common() if name in examples), "")
        yield Note("errors", f"{variant}: {named}{more}", hint, title)


def _void(variant: str, remarks: list[dict[str, Any]], title: str) -> Iterator[Note]:
    """Windows that do not count; where too many do not, the verdict already says so."""
    reasons = [remark["invalid"][0] for remark in remarks if remark.get("invalid")]
    if reasons:
        text = f"{variant}: {len(reasons)} of {len(remarks)} windows do not count: {reasons[-1]}"
        yield Note("windows-left-out", text, "", title)


def _told(variant: str, remarks: list[dict[str, Any]], title: str) -> Iterator[Note]:
    for text in dict.fromkeys(note for remark in remarks for note in remark.get("notes", ())):
        yield Note("client", f"{variant}: {text}", "", title)

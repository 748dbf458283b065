"""RunResult → Document: what the page says and in which order. The answer first, then what it rests on.

`build` serves a run and a comparison alike, `build_comparison` adds both machines, `build_claims` is the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fibench import units
from fibench.model.document import Answer, Block, Document, Facts, Notes, Paragraph, Section
from fibench.model.note import Note
from fibench.model.result import CaseResult, ClaimResult, Comparison, RunResult
from fibench.model.run import CaseRecord, Run
from fibench.model.scenario import Claim
from fibench.report import facts, pictures, tables, words
from fibench.report.clean import scrub


def build(result: RunResult, run: Run | None) -> Document:
    """The page of a run; without the run there are no samples to draw and no machine to name."""
    machine = (facts.session(run), facts.machine(run.fingerprint)) if run else ()
    return scrub(Document(_title(result), _subtitle(result, run), _answers(result), _sections(result, run, machine)))


def build_comparison(result: RunResult, baseline: Run, candidate: Run) -> Document:
    """The page of two stored runs against each other."""
    pair = (("Baseline", baseline), ("Candidate", candidate))
    blocks = [
        block
        for name, run in pair
        for block in (facts.session(run, f"{name}: run"), facts.machine(run.fingerprint, f"{name}: machine"))
    ]
    names = [run.label or run.id for _, run in pair]
    subtitle = f"stored runs {names[1]} against {names[0]}"
    return scrub(Document(_title(result), subtitle, _answers(result), _sections(result, None, blocks)))


def build_claims(claims: Sequence[ClaimResult]) -> Document:
    """The ledger: every claim, its verdict, its evidence, and what was measured instead."""
    if not claims:
        return Document("Claims", "no claims are stated", (), ())
    section = Section("Ledger", "claims", (tables.claims(claims, {}, {}),))
    return scrub(Document("Claims", tables.claim_count(claims).text, (), (section, _glossary())))


# --- title and answers ----------------------------------------------------------------------------------------------


def _title(result: RunResult) -> str:
    return words.join(tuple(dict.fromkeys(case.case.scenario for case in result.cases))) or "no cases"


def _subtitle(result: RunResult, run: Run | None) -> str:
    machine = run.fingerprint if run else None
    parts = (
        f"run {result.run}" if result.run else "",
        result.label or "",
        "" if result.state == "complete" else result.state.upper(),
        facts.moment(run.started) if run else "",
        machine.host if machine else "",
        f"Python {machine.python}" if machine and machine.python else "",
    )
    return " · ".join(part for part in parts if part)


def _answers(result: RunResult) -> tuple[Answer, ...]:
    return tuple(answer for index, case in enumerate(result.cases) for answer in _case_answers(case, _anchor(index)))


def _case_answers(case: CaseResult, anchor: str) -> Iterator[Answer]:
    """One sentence per candidate on the case's first metric, or why there is none."""
    label, main = words.label(case.case), pictures.main(case)
    for one in main:
        look = words.look(one.verdict)
        said = words.sentence(case.case, one)
        yield Answer(case.case.title, said, one.verdict, look.tone, look.shape, _figure(one), label, anchor)
    if not main:
        yield _alone(case, label, anchor)


def _figure(one: Comparison) -> str:
    return words.gain(one) if one.ratio and words.look(one.verdict).shape not in ("cross", "dash") else ""


def _alone(case: CaseResult, label: str, anchor: str) -> Answer:
    """A case without comparisons: one variant alone, or nothing that may be believed."""
    if case.state == "invalid" or not any(case.summaries.values()):
        return Answer(
            case.case.title, f"no answer, because {case.reason or 'nothing was measured'}", "INVALID", "warn", "cross", "",
            label, anchor,
        )  # fmt: skip
    said = (
        f"{name}: median {metric} {units.show(one.median, one.unit)} over {words.count(one.n, 'block')}"
        for name, metrics in case.summaries.items()
        for metric, one in list(metrics.items())[:1]
    )
    return Answer(case.case.title, "; ".join(said), "MEASURED", "muted", "dash", "", label, anchor)


# --- sections -------------------------------------------------------------------------------------------------------


def _sections(result: RunResult, run: Run | None, machine: Sequence[Facts]) -> tuple[Section, ...]:
    records = {record.case.key: record for record in run.cases} if run else {}
    overview = pictures.overview(result.cases)
    sections = [Section("Gains", "gains", (overview,) if overview else ()), _claims(result)]
    told: set[str] = set()
    for index, case in enumerate(result.cases):
        about = "" if case.case.scenario in told else case.case.about
        told.add(case.case.scenario)
        sections.append(_case(case, records.get(case.case.key), about, _anchor(index)))
    sections += [
        Section("Notes", "notes", _notes(_general(result))),
        _method(result, records),
        Section("Where it was measured", "machine", tuple(machine), background=True),
        _glossary(),
    ]
    return tuple(section for section in sections if section.blocks)


def _claims(result: RunResult) -> Section:
    if not result.claims:
        return Section("Claims", "claims", ())
    bounds = {claim.id: _bounds(claim) for case in result.cases for claim in case.case.claims}
    labels = {case.case.title: words.label(case.case) for case in result.cases}
    table = tables.claims(result.claims, bounds, labels)
    return Section("Claims", "claims", (tables.claim_count(result.claims), table))


def _bounds(claim: Claim) -> tuple[float, ...]:
    """The numbers of a claim that its interval must not seem to cross."""
    forms = [form for test in claim.tests for form in (test.speedup, test.ratio, test.share) if form]
    ends = [(form.at_least, form.at_most, *(form.between or ())) for form in forms]
    return tuple(end for some in ends for end in some if end is not None)


def _case(case: CaseResult, record: CaseRecord | None, about: str, anchor: str) -> Section:
    """Everything about one case; what a scenario is about is said once."""
    blocks: list[Block] = []
    if about:
        blocks.append(Paragraph(about, "muted"))
    if case.state != "valid":
        blocks.append(Paragraph(f"This case is {case.state}" + (f": {case.reason}" if case.reason else "."), "warn"))
    failures = record.failures.items() if record else ()
    blocks += [Paragraph(f"{name} failed: {why}", "warn") for name, why in failures if why not in (case.reason or "")]
    blocks += [table for table in (tables.comparisons(case), tables.summaries(case)) if table.rows]
    chart = pictures.gains(case)
    blocks += ([chart] if chart else []) + list(pictures.of_case(case, record))
    blocks += _notes(case.notes)
    return Section(case.case.title, anchor, tuple(blocks), words.label(case.case))


def _notes(notes: Sequence[Note]) -> tuple[Notes, ...]:
    return (Notes(tuple(notes)),) if notes else ()


def _general(result: RunResult) -> tuple[Note, ...]:
    """The notes that no case's own section shows."""
    shown = {note for case in result.cases for note in case.notes}
    return tuple(note for note in result.notes if note not in shown)


def _method(result: RunResult, records: Mapping[str, CaseRecord]) -> Section:
    if not result.cases:
        return Section("How it was measured", "method", ())
    seen = dict.fromkeys(one.evidence for case in result.cases for one in case.comparisons if one.evidence)
    evidence = tuple((level, words.EVIDENCE.get(level, "")) for level in sorted(seen, reverse=True))
    text = (
        "All variants of a case run interleaved, block by block, in random order, in fresh processes. A unit is what was "
        "randomised and counts once. The interval stays valid however early the measurement stopped; alpha is the share of "
        "false alarms that is allowed, the margin is the smallest gain that matters."
    )
    blocks: list[Block] = [Paragraph(text), tables.measured(result.cases, records)]
    return Section(
        "How it was measured",
        "method",
        (*blocks, *((Facts("Evidence", evidence),) if evidence else ())),
        background=True,
    )


def _glossary() -> Section:
    return Section("What the words mean", "words", (Facts("", words.GLOSSARY),), background=True)


def _anchor(index: int) -> str:
    return f"case-{index + 1}"

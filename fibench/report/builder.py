"""RunResult → Document: what the page says and in which order. The answer first, then what it rests on.

`build` serves a run and a comparison alike, `build_comparison` adds both machines, `build_claims` is the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from fibench.model.document import Block, Document, Facts, Notes, Paragraph, Section
from fibench.model.note import Note
from fibench.model.result import CaseResult, ClaimResult, RunResult
from fibench.model.run import CaseRecord, Run
from fibench.model.scenario import Claim
from fibench.report import answers, facts, hunts, ledger, load, load_pictures, pictures, tables, words
from fibench.report.clean import scrub


def build(result: RunResult, run: Run | None) -> Document:
    """The page of a run; without the run there are no samples to draw and no machine to name."""
    machine = (facts.session(run), facts.machine(run.fingerprint)) if run else ()
    more = f"fibench show {run.id} --full" if run else ""
    return _document(result, _subtitle(result, run), _sections(result, run, machine), more)


def build_comparison(result: RunResult, baseline: Run, candidate: Run) -> Document:
    """The page of two stored runs against each other."""
    pair = (("Baseline", baseline), ("Candidate", candidate))
    blocks = [
        block
        for name, run in pair
        for block in (facts.session(run, f"{name}: run"), facts.machine(run.fingerprint, f"{name}: machine"))
    ]
    names = [run.label or run.id for _, run in pair]
    return _document(result, f"stored runs {names[1]} against {names[0]}", _sections(result, None, blocks))


def build_claims(claims: Sequence[ClaimResult]) -> Document:
    """The ledger: every claim, its verdict, its evidence, the run that shows it, and what was measured instead."""
    if not claims:
        return Document("Claims", "no claims are stated")
    groups = ledger.groups(claims)
    last = ledger.counted(claims) if len(claims) > ledger.FEW else ""
    section = Section(
        "Ledger", "claims", (*((groups,) if groups else ()), ledger.table(claims, {}, {}, runs=True), *_evidence(claims)),
        brief=True,
    )  # fmt: skip
    return scrub(Document("Claims", ledger.counted(claims), (), (section, _glossary()), summary=last))


def _document(result: RunResult, subtitle: str, sections: tuple[Section, ...], more: str = "") -> Document:
    answered = answers.of_run(result)
    return scrub(
        Document(_title(result), subtitle, answered, sections, answers.rollup(result), answers.summary(result, answered), more)
    )


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


# --- sections -------------------------------------------------------------------------------------------------------


def _sections(result: RunResult, run: Run | None, machine: Sequence[Facts]) -> tuple[Section, ...]:
    records = {record.case.key: record for record in run.cases} if run else {}
    overview = pictures.overview(result.cases, records)
    sections = [Section("Gains", "gains", (overview,) if overview else (), brief=True), _claims(result)]
    told: set[str] = set()
    for index, case in enumerate(result.cases):
        about = "" if case.case.scenario in told else case.case.about
        first = not index
        legend = _evidence(case.comparisons) if first and not result.claims else ()
        told.add(case.case.scenario)
        blocks = _case(case, records.get(case.case.key), about, legend, first=first)
        sections.append(Section(case.case.title, answers.anchor(index), tuple(blocks), words.label(case.case)))
    sections += [
        _notes(result),
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
    blocks = (Paragraph(f"{ledger.counted(result.claims)}."), ledger.table(result.claims, bounds, labels))
    return Section("Claims", "claims", (*blocks, *_evidence(result.claims)), brief=True)


def _evidence(results: Iterable[object]) -> tuple[Block, ...]:
    """What the levels mean, once, where they are first seen."""
    said = words.evidence(getattr(one, "evidence", "") for one in results)
    return (Paragraph(said, "muted"),) if said else ()


def _bounds(claim: Claim) -> tuple[float, ...]:
    """The numbers of a claim that its interval must not seem to cross."""
    forms = [form for test in claim.tests for form in (test.speedup, test.ratio, test.share) if form]
    ends = [(form.at_least, form.at_most, *(form.between or ())) for form in forms]
    return tuple(end for some in ends for end in some if end is not None)


def _case(case: CaseResult, record: CaseRecord | None, about: str, legend: Iterable[Block], *, first: bool) -> Iterator[Block]:
    """Everything about one case; what a scenario is about, and what explains the numbers, is said once."""
    if about:
        yield Paragraph(about, "muted")
    if case.state != "valid":
        rest = answers.unsaid(case, (one.reason for one in case.comparisons))
        yield Paragraph(f"This case is {case.state}" + (f": {rest}" if rest else "."), "warn")
    failures = record.failures.items() if record else ()
    yield from (Paragraph(f"{name} failed: {why}", "warn") for name, why in failures if why not in (case.reason or ""))
    compared, every = tables.comparisons(case, record), tables.summaries(case)
    if compared.rows:
        yield compared
        yield from legend
    yield from load_pictures.of_case(case, record)
    if every.rows:
        yield every
        if first and any(one.evidence in ("E2", "E3") and one.ratio for one in case.comparisons):
            yield Paragraph(words.QUOTIENT, "muted")
    sent = load.generator(record)
    if sent:
        yield sent
    chart = pictures.gains(case, record)
    if chart:
        yield chart
    yield from pictures.of_case(case, record)


def _notes(result: RunResult) -> Section:
    """Every note once, with the cases that it concerns unless it concerns them all."""
    names = pictures.short_names([case.case for case in result.cases])
    where: dict[tuple[str, str, str], list[str]] = {}
    for case in result.cases:
        for note in case.notes:
            where.setdefault((note.code, note.text, note.hint), []).append(names[case.case.key] or case.case.title)
    said = dict.fromkeys((note.code, note.text, note.hint) for note in _every(result) if note.code != answers.LOAD)
    scopes = {told: tuple(dict.fromkeys(where.get(told, ()))) for told in said}
    notes = tuple(Note(*told, _scope(scopes[told], len(result.cases))) for told in said)
    return Section("Notes", "notes", (Notes(notes),) if notes else (), brief=True)


def _every(result: RunResult) -> Iterator[Note]:
    for case in result.cases:
        yield from case.notes
    yield from result.notes


def _scope(cases: tuple[str, ...], every: int) -> str:
    return "" if not cases or len(cases) == every else words.join(cases, 2)


def _method(result: RunResult, records: Mapping[str, CaseRecord]) -> Section:
    if not result.cases:
        return Section("How it was measured", "method", ())
    text = (
        "All variants of a case run interleaved, block by block, in random order, in fresh processes. One set of processes is "
        "a generation and counts once, however many blocks it ran; where processes are costly, a round counts. The interval "
        "stays valid however early the measurement stopped; alpha is the share of false alarms that is allowed, the margin "
        "is the smallest gain that matters."
    )
    probes = [table for record in records.values() if (table := hunts.table(record))]
    blocks: tuple[Block, ...] = (Paragraph(text), tables.measured(result.cases, records), *probes)
    return Section("How it was measured", "method", blocks, background=True)


def _glossary() -> Section:
    return Section("What the words mean", "words", (Facts("", words.GLOSSARY),), background=True)

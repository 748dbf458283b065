"""Seeded, distinct, non-ASCII text and events: what a consultation service really stores and sends.

The source's own payloads ("x" * 1000, one object repeated) compress 50 to 180 times and parse as memory scans.
These do not: words are drawn with a Zipf-like weight, every record is different, and the same seed gives the same
bytes in every worker process, whatever its hash seed.
"""

from __future__ import annotations

import random
from typing import Any

SEED = 20251028
WORDS = (  # noqa: SIM905  # prose reads better than a list
    "de la que el en y a los se del las un por con no una su para es al lo como más pero sus le ya o este sí porque "
    "esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno les ni contra "
    "otros ese eso ante ellos e esto mí antes algunos qué unos yo otro otras otra él tanto esa estos mucho quienes "
    "paciente refiere dolor abdominal agudo náuseas vómito fiebre presión arterial frecuencia cardíaca respiración "
    "diagnóstico hipótesis tratamiento paracetamol ibuprofeno miligramos cada ocho horas alergia penicilina niega "
    "antecedentes diabetes hipertensión familiar cirugía apendicectomía exploración física abdomen blando depresible "
    "laboratorio hemograma glucosa creatinina urgencia evolución favorable seguimiento mañana señora niño corazón "
    "radiografía tórax pulmón saturación oxígeno consulta médica duración síntomas inició ayer noche izquierda "
    "derecha intensidad leve moderada severa irradiación espalda hombro brazo cefalea mareo visión borrosa"
).split()
WEIGHTS = [1 / (rank + 3) for rank in range(len(WORDS))]
FOREIGN = (
    "患者は昨夜から強い腹痛を訴えている", "熱は三十八度五分です", "يشكو المريض من ألم في الصدر", "ضغط الدم مرتفع قليلا",
    "Пациент жалуется на головную боль", "температура нормальная", "환자는 어제부터 기침을 합니다", "😷🤒 38,5 °C → 💊",
    "Ärztliche Überprüfung: Größe 1,80 m", "l'élève a été opéré à l'hôpital", "病人没有过敏史", "👩‍⚕️ ✅ días 3 y 5",
)  # fmt: skip
EVENT_TYPES = ("MESSAGE_RECEIVED", "MESSAGE_SENT", "EXTRACTION_STARTED", "EXTRACTION_COMPLETED", "SOAP_GENERATED", "URGENT")


def generator(name: str) -> random.Random:
    """A random source that depends on the name of what it is for, never on the process."""
    return random.Random(f"{SEED}/{name}")


def sentence(rng: random.Random, words: int) -> str:
    """`words` words of clinical Spanish with a number, a quotation mark or a line break here and there."""
    drawn = rng.choices(WORDS, WEIGHTS, k=words)
    for place in range(7, words, 11):
        drawn[place] = rng.choice((f"{rng.randint(35, 190)}", f"{rng.uniform(0, 20):.1f} mg/dL", f'"{drawn[place]}"', "\n-"))
    text = " ".join(drawn)
    return text[:1].upper() + text[1:] + "."


def foreign(rng: random.Random) -> str:
    """A few phrases in scripts of one to four UTF-8 bytes a character."""
    return " ".join(rng.choice(FOREIGN) for _ in range(rng.randint(2, 8)))


def event(rng: random.Random, index: int, words: int) -> dict[str, Any]:
    """One event of the consultation store; `words` sets the length of its message."""
    return {
        "event_id": f"{rng.getrandbits(128):032x}",
        "consultation_id": f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}",
        "sequence": index,
        "event_type": rng.choice(EVENT_TYPES),
        "timestamp": f"2025-10-{rng.randint(1, 28):02d}T{rng.randint(0, 23):02d}:41:{rng.uniform(0, 60):09.6f}Z",
        "user_id": f"user_{rng.randint(1, 400)}",
        "payload": {
            "message": sentence(rng, words),
            "confidence": round(rng.random(), 4),
            "urgent": rng.random() < 0.1,
            "tags": rng.sample(WORDS[60:], 2),
            "parent": None,
        },
    }

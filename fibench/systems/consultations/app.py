"""What a server loads: `uvicorn fibench.systems.consultations.app:app`, configured by CONSULTATIONS_* (see settings)."""

from __future__ import annotations

import os

from fibench.systems.consultations.service import create_app
from fibench.systems.consultations.settings import read

app = create_app(read(os.environ))

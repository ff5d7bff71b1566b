"""`opsbot doctor`: the findings on standard output, and an exit code that says whether all of it holds."""

from bot.doctor import configuration
from bot.doctor.configuration import Known
from bot.doctor.examining import examine
from bot.doctor.report import as_json, as_text
from bot.settings import secrets_around
from runbooks.redaction import Redactor

FINE, FAULTY = 0, 1
WITHIN = 5.0  # seconds


def run(*, known: Known, for_machines: bool, within: float = WITHIN) -> int:
    """Look at everything and print it, as JSON `for_machines`; each check may take `within` seconds."""
    loaded, findings = configuration.settings()
    redactor = Redactor(loaded.secrets() if loaded else secrets_around())
    if loaded:
        findings += examine(loaded, known=known, within=within)
    print(as_json(findings, redactor) if for_machines else as_text(findings, redactor))
    return FINE if all(each.holds for each in findings) else FAULTY

"""`atmda doctor`: is all well?"""

from __future__ import annotations

from dataclasses import asdict

from atmda.cli.command import build_command
from atmda.cli.console import Console
from atmda.cli.exit_codes import DONE, FAILED
from atmda.cli.spelling import in_flags
from atmda.settings.doctor import DoctorSettings

EXAMPLES = """
atmda doctor
atmda doctor data/embeddings/urbansound8k_20261122T120000
atmda doctor data/input/urbansound8k-20240705184401 mine.npz --json
"""


def run(settings: DoctorSettings, console: Console) -> int:
    """Tell each finding; exit 1 where something is not well."""
    from atmda.tasks.doctor import doctor

    findings = list(doctor(settings))
    ill = [finding for finding in findings if not finding.well]
    console.document({"well": not ill, "findings": [asdict(finding) for finding in findings]})
    console.table(("", "what", ""), [("ok" if f.well else "!!", f.name, in_flags(f.said)) for f in findings])
    for finding in ill:
        console.warning(f"{finding.name}: {finding.said.rstrip('.')}. {finding.hint}")
    console.text("All is well." if not ill else f"{len(ill)} of {len(findings)} findings need a hand.")
    return FAILED if ill else DONE


command = build_command("doctor", DoctorSettings, run, EXAMPLES)
command.no_args_is_help = False

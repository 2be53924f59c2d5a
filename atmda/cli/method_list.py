"""`atmda classify --list-methods`."""

from __future__ import annotations

from atmda.cli.console import Console
from atmda.cli.exit_codes import DONE


def list_methods(console: Console) -> int:
    """Every method, kind of profile and metric there is, with what it needs and where it comes from."""
    from atmda.core.evaluation.metrics import METRICS
    from atmda.core.methods import METHODS
    from atmda.core.profiles import PROFILES

    methods = [
        {"name": m.name, "about": m.about, "needs": sorted(m.needs), "adapts": m.adapts, "source": m.source}
        for m in METHODS
    ]
    metrics = [{"name": m.name, "about": m.about, "several_labels": m.several_labels} for m in METRICS]
    profiles = [{"name": p.name, "about": p.about, "source": p.source} for p in PROFILES]
    console.document({"methods": methods, "metrics": metrics, "profiles": profiles})
    rows = [(m.name, m.about, ", ".join(sorted(m.needs)), m.source) for m in METHODS]
    console.table(("mode", "what", "needs", "source"), rows)
    console.table(("profile", "what", "source"), [(p.name, p.about, p.source) for p in PROFILES])
    console.table(("metric", "what"), [(m.name, m.about) for m in METRICS])
    return DONE

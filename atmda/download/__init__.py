"""Data sets and checkpoints, fetched whole or not at all.

from atmda.download import find_target, install
install(find_target("urbansound8k"), Path("data"))
"""

from atmda.download.catalogue import find_target, target_names
from atmda.download.install import Options, Outcome, Watch, install
from atmda.download.remotes import Facts, Part, Remote, Target
from atmda.download.verify import Verdict, verify

__all__ = [
    "Facts",
    "Options",
    "Outcome",
    "Part",
    "Remote",
    "Target",
    "Verdict",
    "Watch",
    "find_target",
    "install",
    "target_names",
    "verify",
]

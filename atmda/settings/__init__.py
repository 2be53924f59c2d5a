"""Settings of every command: pydantic models, one file a command, and one way to load them.

Precedence: flag > ATMDA_* environment variable > TOML file > default. Unknown keys are refused with the nearest name.
"""

from atmda.settings.base import Flag, Settings
from atmda.settings.loading import load_settings

__all__ = ["Flag", "Settings", "load_settings"]

"""How the command line spells what the library says: `bg_type` becomes --bg-type."""

from __future__ import annotations

import re
from functools import cache

QUOTED = re.compile(r"`([a-z][a-z_]*)`")


def in_flags(message: str) -> str:
    """`message` with the names of settings in backquotes written as the flags they are; other words stay."""
    if "`" not in message:
        return message
    return QUOTED.sub(lambda match: _flags().get(match[1], match[0]), message)


@cache
def _flags() -> dict[str, str]:
    from atmda.settings.loading import MODELS, flag_of, settings_class

    models = [settings_class(command) for command in MODELS]
    return {name: flag for model in models for name in model.model_fields if (flag := flag_of(model, name)) != name}

"""What `infer` and `classify` ask of the settings that describe a background."""

from __future__ import annotations

from collections.abc import Collection

from atmda.errors import SettingsError
from atmda.settings.base import Settings


def check_background(settings: Settings, modalities: Collection[str], audio_setting: str, audio_words: str) -> None:
    """Raises SettingsError where a modality lacks what describes the background, or what does is not used.

    `audio_setting` is the setting of modality audio, `audio_words` what it takes.
    """
    if "text" in modalities and not getattr(settings, "bg_type", None):
        raise SettingsError(
            "`modality` text needs `bg_type`, the name of the background, as in park.", setting="bg_type"
        )
    if "audio" in modalities and not getattr(settings, audio_setting):
        raise SettingsError(f"`modality` audio needs `{audio_setting}`, {audio_words}.", setting=audio_setting)
    if "text" not in modalities:
        settings.refuse_unused(("bg_type",), "`modality` text")
    if "audio" not in modalities:
        settings.refuse_unused((audio_setting,), "`modality` audio")
    if set(modalities) == {"none"}:
        settings.refuse_unused(("temperature",), "`modality` text or audio")

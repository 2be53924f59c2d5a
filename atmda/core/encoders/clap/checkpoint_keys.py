"""From Hugging Face's names of CLAP's tensors to the official ones."""

from __future__ import annotations

from collections.abc import Iterable

_QKV = ("query", "key", "value")
_AUDIO_PARTS = (
    ("batch_norm.", "bn0."),
    ("layernorm_before.", "norm1."),
    ("layernorm_after.", "norm2."),
    ("attention.self.relative_position_bias_table", "attn.relative_position_bias_table"),
    ("attention.output.dense.", "attn.proj."),
    ("intermediate.dense.", "mlp.fc1."),
    ("output.dense.", "mlp.fc2."),
)


def official_names(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Official name -> the names in a file that make it: one, or three to be joined (query, key, value).

    Knows official files (with and without `module.`) and Hugging Face's `ClapModel`.
    """
    table: dict[str, tuple[str, ...]] = {}
    for name in names:
        plain = name.removeprefix("module.")
        if plain.startswith("audio_model.audio_encoder."):
            _add_audio(table, name, plain.removeprefix("audio_model.audio_encoder."))
        elif plain.startswith("text_model."):
            table["text_branch." + plain.removeprefix("text_model.")] = (name,)
        else:
            table[plain.replace(".linear1.", ".0.").replace(".linear2.", ".2.")] = (name,)
    return table


def _add_audio(table: dict[str, tuple[str, ...]], name: str, part: str) -> None:
    for kind in _QKV:
        if f".attention.self.{kind}." in part:
            key = "audio_branch." + part.replace(f"attention.self.{kind}.", "attn.qkv.")
            found = table.get(key, ("", "", ""))
            table[key] = tuple(name if kind == other else found[place] for place, other in enumerate(_QKV))
            return
    for theirs, official in _AUDIO_PARTS:
        part = part.replace(theirs, official)
    table["audio_branch." + part] = (name,)

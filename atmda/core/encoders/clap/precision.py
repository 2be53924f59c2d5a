"""Which precisions the hardware has. Where it has none, a lower one is slower, not faster: it is refused.

`auto` is the lower one where it is faster and changes embeddings by next to nothing: bf16, whose lowest cosine with
fp32 is above 0.9999 (`tests/test_clap_exact.py` holds it to that); fp16, whose range is smaller, never.
"""

from __future__ import annotations

import torch

from atmda.core.device import cpu_facts
from atmda.core.encoders.clap.matmul import has_onednn, is_faster_than_float32
from atmda.errors import SettingsError

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
#: what Linux calls the instructions, on x86 and on ARM
_FLAGS = {"bf16": {"avx512_bf16", "amx_bf16", "bf16"}, "fp16": {"avx512_fp16", "amx_fp16", "asimdhp"}}


def available_precisions(device: torch.device) -> list[str]:
    """What runs fast on `device`, fp32 first."""
    if device.type == "cuda":
        return ["fp32", "fp16", *(["bf16"] if torch.cuda.is_bf16_supported() else [])]
    if device.type == "mps":
        return ["fp32", "fp16"]
    flags = _cpu_flags()
    return ["fp32", *(name for name, needed in _FLAGS.items() if needed & flags and has_onednn(DTYPES[name]))]


def chosen_precision(precision: str, device: torch.device) -> str:
    """`precision`, or what `auto` stands for on `device`.

    Raises SettingsError for a precision that does not exist or that `device` has no arithmetic for.
    """
    if precision != "auto":
        check_precision(precision, device)
        return precision
    there = "bf16" in available_precisions(device)
    return "bf16" if there and (device.type != "cpu" or is_faster_than_float32(torch.bfloat16)) else "fp32"


def check_precision(precision: str, device: torch.device) -> None:
    """Raises SettingsError for a precision that does not exist or that `device` has no arithmetic for."""
    if precision not in DTYPES:
        raise SettingsError(f"`precision` {precision}: there is no such precision.", f"One of {', '.join(DTYPES)}.")
    there = available_precisions(device)
    if precision not in there:
        raise SettingsError(
            f"`precision` {precision}: this {device.type.upper()} has no such arithmetic: fp32 is faster.",
            f"Here: {', '.join(there)}.",
        )


def _cpu_flags() -> set[str]:
    told = cpu_facts()
    return set((told.get("flags") or told.get("Features") or "").split())

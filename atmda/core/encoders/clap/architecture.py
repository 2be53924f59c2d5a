"""What a checkpoint is, told from the names and shapes of its tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from atmda.errors import AtmdaError

#: the official package's names for the audio tower, by width and depth
HTSAT: dict[tuple[int, tuple[int, ...]], str] = {
    (96, (2, 2, 6, 2)): "HTSAT-tiny",
    (128, (2, 2, 12, 2)): "HTSAT-base",
    (256, (2, 2, 12, 2)): "HTSAT-large",
}

Shapes = Mapping[str, Sequence[int]]

_KNOWN = "This encoder runs LAION-CLAP with an HTSAT audio tower and a RoBERTa text tower."


@dataclass(frozen=True)
class Architecture:
    """The towers of one checkpoint.

    Attributes:
        dim: channels of the audio tower's first stage.
        depths: blocks in each stage.
        heads: attention heads in each stage.
        fused: whether it has feature fusion (`aff_2d`).
        text_layers, text_heads: of the RoBERTa tower.
        vocabulary: rows of its word embedding.
    """

    dim: int
    depths: tuple[int, ...]
    heads: tuple[int, ...]
    fused: bool
    text_layers: int
    text_heads: int
    vocabulary: int

    @property
    def name(self) -> str:
        audio = HTSAT.get((self.dim, self.depths), f"HTSAT of width {self.dim}")
        return f"{audio}, fusion" if self.fused else f"{audio}, not fusion"


def architecture(shapes: Shapes, source: str) -> Architecture:
    """The architecture of the tensors (official names) of the checkpoint `source`.

    Raises AtmdaError, saying in a sentence what the checkpoint is, where it is nothing this encoder can run.
    """
    try:
        _refuse_others(shapes, source)
        return _architecture(shapes)
    except (LookupError, ValueError) as error:  # a ValueError: a shape of more or fewer numbers than it has
        what = f"{error.args[0]} is missing, or" if isinstance(error, KeyError) else "a tensor"
        raise AtmdaError(f"{source} is incomplete: {what} has another shape.", _KNOWN) from error


def _architecture(shapes: Shapes) -> Architecture:
    depths: list[int] = []
    while f"audio_branch.layers.{len(depths)}.blocks.0.norm1.weight" in shapes:
        stage = f"audio_branch.layers.{len(depths)}.blocks."
        depths.append(len({key.split(".")[4] for key in shapes if key.startswith(stage)}))
    heads = [
        shapes[f"audio_branch.layers.{stage}.blocks.0.attn.relative_position_bias_table"][1]
        for stage in range(len(depths))
    ]
    text = "text_branch.encoder.layer."
    vocabulary, width = shapes["text_branch.embeddings.word_embeddings.weight"]
    return Architecture(
        dim=shapes["audio_branch.patch_embed.proj.weight"][0],
        depths=tuple(depths),
        heads=tuple(heads),
        fused="audio_branch.patch_embed.mel_conv2d.weight" in shapes,
        text_layers=len({key.split(".")[3] for key in shapes if key.startswith(text)}),
        text_heads=width // 64,
        vocabulary=vocabulary,
    )


def _refuse_others(shapes: Shapes, source: str) -> None:
    keys = list(shapes)

    def has(part: str) -> bool:
        return any(part in key for key in keys)

    other = None
    if not keys:
        other = "holds no tensors"
    elif has("audio_branch.conv_block"):
        other = "has a PANN audio tower, not HTSAT"
    elif has("caption_encoder") or has("audio_encoder.base"):
        other = "is Microsoft CLAP, not LAION-CLAP"
    elif has("visual.") or has("vision_model"):
        other = "is CLIP, a model of images, not LAION-CLAP"
    elif not has("audio_branch."):
        other = "is no LAION-CLAP: it has no audio tower"
    elif not has("audio_branch.patch_embed.proj.weight") or not has("relative_position_bias_table"):
        other = "has an audio tower other than HTSAT"
    elif has("mel_conv1d") or (has("fusion_model") and not has("fusion_model.local_att.0")) or has("local_att2"):
        other = "fuses long clips in another way than aff_2d"
    elif shapes["audio_branch.patch_embed.proj.weight"][1] != 1:
        other = "fuses long clips by channel_map, not aff_2d"
    elif has("text_branch.resblocks") or has("text_branch.encoder.layers"):
        other = "has a text tower other than RoBERTa"
    elif "text_branch.embeddings.word_embeddings.weight" not in shapes:
        other = "has no RoBERTa text tower"
    elif shapes["text_branch.embeddings.token_type_embeddings.weight"][0] != 1:
        other = "has a BERT text tower, not RoBERTa"
    if other:
        raise AtmdaError(f"{source} {other}.", _KNOWN)

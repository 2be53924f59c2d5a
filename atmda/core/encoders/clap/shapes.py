"""The tensors the encoder needs of a checkpoint, by official name, with their shapes."""

from __future__ import annotations

from atmda.core.encoders.clap.architecture import Architecture

Shapes = dict[str, tuple[int, ...]]

MELS = 64
DIM = 512
POSITIONS = 514


def needed(arch: Architecture) -> Shapes:
    """Every tensor an encoder of this architecture uses; what else a checkpoint holds is left alone."""
    return {"logit_scale_a": (), "logit_scale_t": ()} | _audio(arch) | _text(arch)


def _linear(name: str, out: int, size: int) -> Shapes:
    return {f"{name}.weight": (out, size), f"{name}.bias": (out,)}


def _norm(name: str, size: int) -> Shapes:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


def _batch_norm(name: str, size: int) -> Shapes:
    return _norm(name, size) | {f"{name}.running_mean": (size,), f"{name}.running_var": (size,)}


def _conv(name: str, *shape: int) -> Shapes:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def _audio(arch: Architecture) -> Shapes:
    audio = "audio_branch."
    shapes = _batch_norm(audio + "bn0", MELS) | _conv(audio + "patch_embed.proj", arch.dim, 1, 4, 4)
    shapes |= _norm(audio + "patch_embed.norm", arch.dim)
    if arch.fused:
        shapes |= _fusion(audio + "patch_embed.", arch.dim)
    for stage, (depth, heads) in enumerate(zip(arch.depths, arch.heads, strict=True)):
        width = arch.dim << stage
        layer = f"{audio}layers.{stage}."
        for index in range(depth):
            block = f"{layer}blocks.{index}."
            shapes |= _norm(block + "norm1", width) | _norm(block + "norm2", width)
            shapes[block + "attn.relative_position_bias_table"] = (225, heads)
            shapes |= _linear(block + "attn.qkv", 3 * width, width) | _linear(block + "attn.proj", width, width)
            shapes |= _linear(block + "mlp.fc1", 4 * width, width) | _linear(block + "mlp.fc2", width, 4 * width)
        if stage + 1 < len(arch.depths):
            shapes[layer + "downsample.reduction.weight"] = (2 * width, 4 * width)
            shapes |= _norm(layer + "downsample.norm", 4 * width)
    last = arch.dim << (len(arch.depths) - 1)
    shapes |= _norm(audio + "norm", last)
    return shapes | _linear("audio_projection.0", DIM, last) | _linear("audio_projection.2", DIM, DIM)


def _fusion(name: str, dim: int) -> Shapes:
    shapes = _conv(name + "mel_conv2d", dim, 1, 4, 12)
    inner = dim // 4
    for part, first in (("local_att", 0), ("global_att", 1)):
        model = f"{name}fusion_model.{part}."
        for place, out, size in ((first, inner, dim), (first + 3, dim, inner)):
            shapes |= _conv(f"{model}{place}", out, size, 1, 1) | _batch_norm(f"{model}{place + 1}", out)
    return shapes


def _text(arch: Architecture) -> Shapes:
    width = 64 * arch.text_heads
    table = "text_branch.embeddings."
    shapes: Shapes = {
        table + "word_embeddings.weight": (arch.vocabulary, width),
        table + "position_embeddings.weight": (POSITIONS, width),
        table + "token_type_embeddings.weight": (1, width),
    }
    shapes |= _norm(table + "LayerNorm", width)
    for index in range(arch.text_layers):
        layer = f"text_branch.encoder.layer.{index}."
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= _linear(layer + part, width, width)
        shapes |= _norm(layer + "attention.output.LayerNorm", width)
        shapes |= _linear(layer + "intermediate.dense", 4 * width, width)
        shapes |= _linear(layer + "output.dense", width, 4 * width) | _norm(layer + "output.LayerNorm", width)
    shapes |= _linear("text_branch.pooler.dense", width, width)
    return shapes | _linear("text_projection.0", DIM, width) | _linear("text_projection.2", DIM, DIM)

"""Do two artifacts go together? Embeddings of two encoders, or of one run in two ways, never meet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from atmda.errors import StoreError

#: what decides a text embedding; how recordings were read does not
TEXT_FIELDS = ("encoder", "weights_sha256")
#: weights of the built-in encoder that earlier atmdas had in the box, by their sha256
FORMER = {
    "98835b9cdb09a48524b86e907f3cb5b2cec0b6d82f7f1e60a88a83a80713c3fc": "the first edition of compact",
    "071bb26625edb8e4e1289384602403bbbee3a77e425fe223f34ea3d5ea3ac621": "an early second edition of compact",
    "f43d46ce88f2f4031d97a78840c62e9e63d8103993f3e2aaf910badf09a9e5bb": "an early second edition of compact",
    "7daa0b3fe23ff64a922af1bccbc095cd34ee550669867513eafe2c9c6a34e3a4": "an early second edition of compact",
    "b9102f1c6c5439245ce9fc9e897562253899a57247ccc152c42856be21a160ba": "an early second edition of compact",
    "270d661a428c35ac89bbbd167a1f6bc211bd810e2874ad433d54e76c83a6eeed": "an early second edition of compact",
    "2a6b9025a3438fbbbd09aa05048ed9565b08edb3295bbef695250ebc4bb6e38a": "an early second edition of compact",
}


def check_same(
    mine: Mapping[str, str],
    theirs: Mapping[str, str],
    my_name: str,
    their_name: str,
    fields: Iterable[str] | None = None,
) -> None:
    """Raises StoreError with the first field in which two identities differ; one that tells nothing fits all.

    `fields`: those that count, all of both unless given; a field that one side does not tell counts only then not.
    """
    if not mine or not theirs:
        return
    if mine.get("weights_sha256") != theirs.get("weights_sha256"):
        check_current(theirs, their_name)
        check_current(mine, my_name)
    for key in sorted(mine.keys() | theirs.keys()) if fields is None else fields:
        if fields is not None and (key not in mine or key not in theirs):
            continue
        if mine.get(key) != theirs.get(key):
            raise StoreError(
                f"{their_name}: its {key} is {theirs.get(key)}, that of {my_name} is {mine.get(key)}.",
                "Embed both in the same way.",
            )


def check_current(identity: Mapping[str, str], name: str) -> None:
    """Raises StoreError where `identity` is that of an encoder that is no longer in the box."""
    if former := FORMER.get(identity.get("weights_sha256", "")):
        raise StoreError(
            f"{name}: it was made with {former}, which hears otherwise than this one.",
            f"Make it again from its recordings: atmda embed --output {name} --force, and what else it was made with.",
        )


def check_width(width: int, other: int, name: str, other_name: str) -> None:
    """Raises StoreError where embeddings of two widths would meet."""
    if width != other:
        raise StoreError(
            f"{name}: its embeddings have {width} numbers, {other_name} {other}.", "Use what belongs to them."
        )

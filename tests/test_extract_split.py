"""Split zips, as FSD50K's: read piece after piece, by us, without outside programs."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
import zipfile
from pathlib import Path

import pytest

from atmda.download.archives import unpack
from atmda.download.split_zip import in_order
from atmda.errors import AtmdaError

FILES = {f"FSD50K.dev_audio/{i}.wav": random.Random(i).randbytes(2000 + 517 * i) for i in range(20)}


def split(folder: Path, files: dict[str, bytes], size: int, wide: bool = False) -> list[Path]:
    """A split zip as PKWARE's APPNOTE has it: positions counted from the piece they lie in. `wide`: all in zip64."""
    with zipfile.ZipFile(folder / "whole.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
        at = archive.start_dir
    whole = (folder / "whole.zip").read_bytes()
    (folder / "whole.zip").unlink()
    body, directory = b"PK\7\x08" + whole[:at], whole[at : whole.index(b"PK\5\6")]
    new, position = b"", 0
    while position < len(directory):
        name, extra, comment = struct.unpack("<3H", directory[position + 28 : position + 34])
        end = position + 46 + name + extra + comment
        (offset,) = struct.unpack("<L", directory[position + 42 : position + 46])
        disk, offset = divmod(offset + 4, size)
        head, names = directory[position : position + 46], directory[position + 46 : end]
        if wide:  # every number in the zip64 field, after another field that must stay
            compressed, plain = struct.unpack("<2L", head[20:28])
            field = b"\x99\x99\2\0??" + struct.pack("<2H3QL", 1, 28, plain, compressed, offset, disk)
            full = struct.pack("<2L4H", 0xFFFFFFFF, 0xFFFFFFFF, name, len(field), 0, 65535)
            new += head[:20] + full + head[36:42] + b"\xff" * 4 + names[:name] + field
        else:
            new += head[:34] + struct.pack("<H", disk) + head[36:42] + struct.pack("<L", offset) + names
        position = end
    disk, offset = divmod(len(body), size)
    last = (len(body) + len(new)) // size
    ends = b""
    if wide:
        record = (len(body) + len(new)) % size
        ends += struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, last, disk, len(files), len(files), len(new), offset)
        ends += struct.pack("<4sLQL", b"PK\6\7", last, record, last + 1)
        ends += struct.pack("<4s4H2LH", b"PK\5\6", 65535, 65535, 65535, 65535, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    else:
        ends += struct.pack("<4s4H2LH", b"PK\5\6", last, disk, len(files), len(files), len(new), offset, 0)
    stream = body + new
    pieces = [stream[i : i + size] for i in range(0, last * size, size)] + [stream[last * size :] + ends]
    paths = [folder / (f"a.z{i:02d}" if i < len(pieces) else "a.zip") for i in range(1, len(pieces) + 1)]
    for path, piece in zip(paths, pieces, strict=True):
        path.write_bytes(piece)
    return paths


def read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("size", [1000, 7001, 40_000, 1_000_000])
def test_a_split_zip_is_unpacked_wherever_it_was_split(tmp_path: Path, size: int, wide: bool) -> None:
    pieces = split(tmp_path, FILES, size, wide)
    shuffled = random.Random(3).sample(pieces, len(pieces))
    names = unpack(shuffled, tmp_path / "out")
    assert read(tmp_path / "out") == FILES and names == list(FILES)


@pytest.mark.skipif(shutil.which("zip") is None, reason="Info-ZIP's zip is not installed")
def test_what_info_zip_splits_is_unpacked(tmp_path: Path) -> None:
    bodies = {f"set/{i}.wav": random.Random(i).randbytes(60_000) for i in range(5)}  # zip splits at 64 kB at least
    for name, body in bodies.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(body)
    subprocess.run(["zip", "-q", "-r", "-s", "64k", "a.zip", "set"], cwd=tmp_path, check=True)
    pieces = sorted(tmp_path.glob("a.z*"))
    assert len(pieces) > 2
    unpack(pieces, tmp_path / "out")
    assert read(tmp_path / "out") == bodies


def test_a_missing_piece_is_counted(tmp_path: Path) -> None:
    pieces = split(tmp_path, FILES, 40_000)
    with pytest.raises(AtmdaError, match=f"is split into {len(pieces)} pieces, and here are {len(pieces) - 1}"):
        unpack([pieces[0], *pieces[2:]], tmp_path / "out")


@pytest.mark.parametrize("seed", range(8))
def test_damage_anywhere_ends_in_one_sentence_and_writes_nothing_outside(tmp_path: Path, seed: int) -> None:
    pieces = split(tmp_path, FILES, 40_000, wide=seed % 2 == 0)
    draw = random.Random(seed)
    last = bytearray(pieces[-1].read_bytes())
    for _ in range(12):
        last[draw.randrange(len(last) - 2000, len(last))] = draw.randrange(256)
    pieces[-1].write_bytes(bytes(last[: draw.choice([len(last), len(last) - 7])]))
    before = set(tmp_path.iterdir())
    try:
        unpack(pieces, tmp_path / "out")
    except AtmdaError as error:
        assert "a.z" in str(error)
    assert set(tmp_path.iterdir()) - before <= {tmp_path / "out"}


def test_pieces_are_put_in_order_whatever_their_case() -> None:
    names = ["a.zip", "a.z10", "a.Z02", "a.z01"]
    assert [path.name for path in in_order([Path(name) for name in names])] == ["a.z01", "a.Z02", "a.z10", "a.zip"]

"""Archives: unpacked whole, or refused before anything leaves their folder."""

from __future__ import annotations

import gzip
import io
import random
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from atmda.download.archives import unpack
from atmda.download.unpacking import Limits
from atmda.errors import AtmdaError

FILES = {"set/meta.csv": b"a,b\n1,2\n", "set/audio/1.wav": random.Random(0).randbytes(9000), "set/audio/2.wav": b""}


def make_zip(path: Path, files: dict[str, bytes], **modes: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = modes.get(name, stat.S_IFREG | 0o644) << 16
            archive.writestr(info, body)
    return path


def make_tar(path: Path, members: dict[str, bytes | tuple[bytes, str]]) -> Path:
    """`members`: a body, or a tar type and what it points to."""
    with tarfile.open(path, "w:" + path.suffix[1:].replace("tar", "")) as archive:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(body, tuple):
                info.type, info.linkname = body
                archive.addfile(info)
            else:
                info.size = len(body)
                archive.addfile(info, io.BytesIO(body))
    return path


def read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_every_kind_of_archive_is_unpacked_whole(tmp_path: Path, kind: str) -> None:
    make: Callable[[Path, dict[str, bytes]], Path] = make_zip if kind == "zip" else make_tar  # type: ignore[assignment]
    archive = make(tmp_path / f"a.{kind}", {**FILES, "__MACOSX/x": b"junk", "set/.DS_Store": b"j", "set/._1.wav": b"j"})
    seen: list[int] = []
    names = unpack([archive], tmp_path / "out", report=seen.append)
    assert read(tmp_path / "out") == FILES and names == list(FILES)
    assert sum(seen) == sum(map(len, FILES.values()))


OUTSIDE = ["../x", "a/../../x", "/x", "C:/x", "C:\\x", "..\\x", "\\\\server\\x", "a\\..\\..\\x", "a/b/../../../x"]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_member_that_leads_out_of_the_folder_is_refused(tmp_path: Path, kind: str, name: str) -> None:
    make: Callable[[Path, dict[str, bytes]], Path] = make_zip if kind == "zip" else make_tar  # type: ignore[assignment]
    archive = make(tmp_path / f"a.{kind}", {"good": b"1", name: b"evil"})
    with pytest.raises(AtmdaError, match="leads out of its folder"):
        unpack([archive], tmp_path / "deep/er/out")
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {archive.name, "good"}


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_python_without_the_data_filter_refuses_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delattr(tarfile, "data_filter", raising=False)  # Python 3.10 before 3.10.12
    with pytest.raises(AtmdaError, match="leads out of its folder"):
        unpack([make_tar(tmp_path / "a.tar", {"good": b"1", name: b"evil"})], tmp_path / "deep/er/out")
    for kind, target, reason in (
        (tarfile.SYMTYPE, name, "not unpacked"),
        (tarfile.LNKTYPE, name, "not unpacked"),
        (tarfile.FIFOTYPE, "", "is a device"),
    ):
        archive = make_tar(tmp_path / "b.tar", {"good": b"1", "l": (kind, target)})
        with pytest.raises(AtmdaError, match=reason):
            unpack([archive], tmp_path / f"out-{kind!r}")
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"a.tar", "b.tar", "good"}


@pytest.mark.skipif(not hasattr(tarfile, "data_filter"), reason="this Python has no data filter")
def test_what_pythons_data_filter_refuses_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def strict(member: tarfile.TarInfo, folder: str) -> None:
        raise tarfile.OutsideDestinationError(member, folder)

    monkeypatch.setattr(tarfile, "data_filter", strict)
    with pytest.raises(AtmdaError, match="'good' leads out of its folder"):
        unpack([make_tar(tmp_path / "a.tar", {"good": b"1"})], tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "target"),
    [("l", "/etc/passwd"), ("l", "../secret"), ("a/l", "../../secret"), ("a/l", "b/../../../secret"), ("l", "")],
)
def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path, name: str, target: str) -> None:
    (tmp_path / "secret").write_text("s")
    tar = make_tar(tmp_path / "a.tar", {"good": b"1", name: (tarfile.SYMTYPE, target)})
    archive = make_zip(tmp_path / "a.zip", {"good": b"1", name: target.encode()}, **{name: stat.S_IFLNK | 0o777})
    for path in (tar, archive):
        with pytest.raises(AtmdaError, match="not unpacked"):
            unpack([path], tmp_path / f"out-{path.suffix[1:]}")
    hard = make_tar(tmp_path / "h.tar", {name: (tarfile.LNKTYPE, target)})
    with pytest.raises(AtmdaError, match="not unpacked"):
        unpack([hard], tmp_path / "out-hard")
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    tar = make_tar(tmp_path / "a.tar", {"d": (tarfile.SYMTYPE, str(tmp_path / "victim")), "d/x": b"evil"})
    chain = make_tar(tmp_path / "b.tar", {"a/l": (tarfile.SYMTYPE, ".."), "m": (tarfile.SYMTYPE, "a/l/../victim")})
    for path in (tar, chain):
        with pytest.raises(AtmdaError, match="not unpacked"):
            unpack([path], tmp_path / f"out-{path.stem}")
    assert list((tmp_path / "victim").iterdir()) == []


def test_a_link_to_a_file_inside_becomes_a_copy_of_it(tmp_path: Path) -> None:
    tar = make_tar(
        tmp_path / "a.tar",
        {
            "a/l": (tarfile.SYMTYPE, "../b/x"),
            "b/x": b"body",
            "h": (tarfile.LNKTYPE, "b/x"),
            "d/d/": (tarfile.DIRTYPE, ""),
        },
    )
    unpack([tar], tmp_path / "out")
    assert read(tmp_path / "out") == {"a/l": b"body", "b/x": b"body", "h": b"body"}
    assert not any(path.is_symlink() for path in (tmp_path / "out").rglob("*"))


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(AtmdaError, match="is a device"):
        unpack([make_tar(tmp_path / "a.tar", {"dev": (kind, "")})], tmp_path / "out")


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_bomb_is_refused(tmp_path: Path, kind: str) -> None:
    make: Callable[[Path, dict[str, bytes]], Path] = make_zip if kind == "zip" else make_tar  # type: ignore[assignment]
    archive = make(tmp_path / f"a.{kind}", {"zeros": bytes(5_000_000)})
    with pytest.raises(AtmdaError, match="bomb"):
        unpack([archive], tmp_path / "out", limits=Limits(ratio=100, floor=1000))
    written = sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert written <= 100 * archive.stat().st_size + (1 << 18)


def test_a_zip_that_understates_its_members_is_refused(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"zeros": bytes(1_000_000)})
    body = archive.read_bytes()
    archive.write_bytes(body.replace((1_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    with pytest.raises(AtmdaError):
        unpack([archive], tmp_path / "out")
    assert sum(len(content) for content in read(tmp_path / "out").values()) <= 1000


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {f"{i}": b"" for i in range(11)})
    with pytest.raises(AtmdaError, match="too many files"):
        unpack([archive], tmp_path / "out", limits=Limits(members=10))


def test_too_little_room_is_said_before_a_zip_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from atmda.download import archives

    archive = make_zip(tmp_path / "a.zip", FILES)
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda path: archives.shutil._ntuple_diskusage(9, 9, 100))
    with pytest.raises(AtmdaError, match="free"):
        unpack([archive], tmp_path / "out")
    assert read(tmp_path / "out") == {}
    tar = make_tar(tmp_path / "a.tar", FILES)
    with pytest.raises(AtmdaError, match=r"more than .* has free"):
        unpack([tar], tmp_path / "out2")


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.xz", "tar"])
def test_a_damaged_archive_is_named_in_one_sentence(tmp_path: Path, kind: str) -> None:
    make: Callable[[Path, dict[str, bytes]], Path] = make_zip if kind == "zip" else make_tar  # type: ignore[assignment]
    archive = make(tmp_path / f"a.{kind}", FILES)
    body = archive.read_bytes()
    for number, bad in enumerate((body[: len(body) // 2], b"", b"not an archive" * 99, b"<html>" + body)):
        archive.write_bytes(bad)
        if kind == "tar" and number == 1:
            continue  # an empty file is an empty tar
        if kind == "zip" and number == 3:
            continue  # a zip may have something before it
        with pytest.raises(AtmdaError, match=r"a\.\S+ "):
            unpack([archive], tmp_path / f"out{number}")


@pytest.mark.parametrize("kind", ["tar.gz", "tar.bz2", "tar.xz"])
def test_flipped_bits_in_a_compressed_tar_do_not_pass(tmp_path: Path, kind: str) -> None:
    archive = make_tar(tmp_path / f"a.{kind}", dict(FILES))
    body = bytearray(archive.read_bytes())
    body[len(body) // 2] ^= 255
    archive.write_bytes(bytes(body))
    with pytest.raises(AtmdaError, match="damaged"):
        unpack([archive], tmp_path / "out")


def test_a_bomb_after_the_end_of_a_tar_is_refused(tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "a.tar", {"x": b"1"})
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(archive.read_bytes() + bytes(30_000_000)))
    with pytest.raises(AtmdaError, match="bomb"):
        unpack([tmp_path / "a.tar.gz"], tmp_path / "out", limits=Limits(ratio=100, floor=1000))


def test_flipped_bits_do_not_pass(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", FILES)
    body = bytearray(archive.read_bytes())
    body[body.index(b"audio/1.wav") + 200] ^= 255
    archive.write_bytes(bytes(body))
    with pytest.raises(AtmdaError, match="damaged"):
        unpack([archive], tmp_path / "out")


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("x", "1")
        archive.writestr("x", "2")
    with pytest.raises(AtmdaError, match="two members of one name"):
        unpack([tmp_path / "a.zip"], tmp_path / "out")


def test_a_file_that_is_also_a_folder_is_refused(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"x": b"1", "x/y": b"2"})
    with pytest.raises(AtmdaError, match="not unpacked"):
        unpack([archive], tmp_path / "out")


def test_a_locked_zip_is_named(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"x": b"1"})
    body = bytearray(archive.read_bytes())
    for mark, at in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        body[body.index(mark) + at] |= 1  # the flag that says: encrypted
    archive.write_bytes(bytes(body))
    with pytest.raises(AtmdaError, match="cannot be unpacked"):
        unpack([archive], tmp_path / "out")


def test_names_in_utf8_that_do_not_say_so_are_read(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"caf\u00e9.wav": b"1"})
    body = archive.read_bytes()
    for mark, at in ((b"PK\1\2", 9), (b"PK\3\4", 7)):
        place = body.index(mark) + at
        body = body[:place] + bytes([body[place] & ~8]) + body[place + 1 :]  # the flag that says: UTF-8
    archive.write_bytes(body)
    assert unpack([archive], tmp_path / "out") == ["caf\u00e9.wav"]


def test_modes_are_not_taken_over(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"x": b"1"}, x=stat.S_IFREG | 0o4777)
    unpack([archive], tmp_path / "out")
    assert not (tmp_path / "out/x").stat().st_mode & 0o7111


def test_7z_is_unpacked_and_its_dangers_refused(tmp_path: Path) -> None:
    py7zr = pytest.importorskip("py7zr")
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w") as archive:
        for name, body in FILES.items():
            archive.writestr(body, name)
    assert sorted(unpack([tmp_path / "a.7z"], tmp_path / "out")) == sorted(FILES)
    assert read(tmp_path / "out") == FILES
    with pytest.raises(AtmdaError, match="grows"):
        unpack([tmp_path / "a.7z"], tmp_path / "out2", limits=Limits(ratio=0, floor=10))
    (tmp_path / "a.7z").write_bytes((tmp_path / "a.7z").read_bytes()[:-40])
    with pytest.raises(AtmdaError, match="damaged"):
        unpack([tmp_path / "a.7z"], tmp_path / "out3")

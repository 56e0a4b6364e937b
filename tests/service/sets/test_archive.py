from __future__ import annotations

import io
import random
import stat
import struct
import zipfile

import pytest

from service.errors import BadSet
from service.sets.archive import Archive, Bounds
from tests.service.archives import table, zipped

BOUNDS = Bounds(items=10, file_bytes=10_000, total_bytes=50_000)
TABLE = table("a.jpg,positive")


def opened(data: bytes, bounds: Bounds = BOUNDS) -> Archive:
    return Archive(io.BytesIO(data), bounds)


@pytest.mark.parametrize("root", ["", "set/", "a/b/c/"])
def test_reads_files_beside_the_table(root: str) -> None:
    archive = opened(zipped({f"{root}labels.csv": TABLE, f"{root}a.jpg": b"pixels", f"{root}x/b.jpg": b"more"}))
    assert archive.has("a.jpg")
    assert not archive.has("c.jpg")
    assert (archive.read("a.jpg"), archive.read("x/b.jpg"), archive.read("labels.csv")) == (
        b"pixels", b"more", TABLE.encode(),
    )  # fmt: skip


def test_what_a_mac_adds_is_left_out() -> None:
    archive = opened(
        zipped(
            {"s/labels.csv": TABLE, "__MACOSX/s/._labels.csv": b"x", "__MACOSX/labels.csv": b"", "s/.DS_Store": b""}
        )
    )
    assert archive.read("labels.csv") == TABLE.encode()
    assert not archive.has(".DS_Store")


@pytest.mark.parametrize(
    "name",
    [
        "../a.jpg",
        "/etc/passwd",
        "x/../../a.jpg",
        "C:\\a.jpg",
        "x\\a.jpg",
        "./a.jpg",
        "x//a.jpg",
        "a\n.jpg",
        "é" * 256,
    ],
)
def test_names_that_lead_elsewhere(name: str) -> None:
    with pytest.raises(BadSet, match="name of"):
        opened(zipped({"labels.csv": TABLE, name: b"x"}))


def test_a_name_cut_at_a_null_byte() -> None:
    data = zipped({"labels.csv": TABLE, "a_.jpg": b"x"}).replace(b"a_.jpg", b"a\0.jpg")
    archive = opened(data)  # read as "a", whatever comes behind it
    assert not archive.has("a_.jpg")


def test_links() -> None:
    link = zipfile.ZipInfo("a.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("labels.csv", TABLE)
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(BadSet, match=r"a\.jpg: a link"):
        opened(file.getvalue())


def test_encrypted_entries() -> None:
    data = bytearray(zipped({"labels.csv": TABLE}))
    data[data.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(BadSet, match="encrypted"):
        opened(bytes(data))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions(method: int) -> None:
    with pytest.raises(BadSet, match="deflated"):
        opened(zipped({"labels.csv": TABLE}, method=method))


def test_an_entry_that_declares_too_much() -> None:
    assert opened(zipped({"labels.csv": TABLE, "a.jpg": bytes(10_000)}))
    with pytest.raises(BadSet, match=r"a\.jpg: 10001 bytes"):
        opened(zipped({"labels.csv": TABLE, "a.jpg": bytes(10_001)}))


def test_entries_that_declare_too_much_together() -> None:
    files = {f"{number}.jpg": bytes(10_000) for number in range(5)}
    with pytest.raises(BadSet, match="expands to"):
        opened(zipped({"labels.csv": TABLE, **files}))


def test_an_entry_that_holds_more_than_it_declares() -> None:
    data = bytearray(zipped({"labels.csv": TABLE, "a.jpg": bytes(1_000_000)}))
    for signature, place in ((b"PK\3\4", 22), (b"PK\1\2", 24)):  # both say 100 bytes
        start = data.rindex(signature)
        struct.pack_into("<I", data, start + place, 100)
    with pytest.raises(BadSet, match=r"a\.jpg: cannot be read"):
        opened(bytes(data)).read("a.jpg")


def test_entries_that_share_their_data() -> None:
    """The bomb of Fifield (2019): many directory entries of one stretch of data. Their declared sizes add up."""
    data = zipped({"labels.csv": TABLE, "a.jpg": bytes(10_000)})
    end = data.rindex(b"PK\5\6")
    start = struct.unpack_from("<I", data, end + 16)[0]
    last = data.rindex(b"PK\1\2")
    directory, again = data[start:end], data[last:end]
    copies = [again.replace(b"a.jpg", f"{number}.jpg".encode()) for number in range(5)]
    bomb = data[:start] + directory + b"".join(copies)
    size = len(bomb) - start
    bomb += struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 7, 7, size, start, 0)
    with pytest.raises(BadSet, match="expands to"):
        opened(bomb)


def test_too_many_entries() -> None:
    files = {f"{number}": b"" for number in range(BOUNDS.entries)}
    with pytest.raises(BadSet, match="entries"):
        opened(zipped({"labels.csv": TABLE, **files}))


def test_an_end_that_declares_fewer_entries_than_there_are() -> None:
    data = bytearray(zipped({f"{number}": b"" for number in range(BOUNDS.entries + 1)}))
    struct.pack_into("<HH", data, data.rindex(b"PK\5\6") + 8, 1, 1)
    with pytest.raises(BadSet, match="entries"):
        opened(bytes(data))


def test_a_directory_too_large_is_not_read() -> None:
    data = bytearray(zipped({"labels.csv": TABLE}))
    struct.pack_into("<I", data, data.rindex(b"PK\5\6") + 12, 0xFFFFFF00)
    with pytest.raises(BadSet, match="entries in 4294967040 bytes"):
        opened(bytes(data))


def test_zip64() -> None:
    data = zipped({"labels.csv": TABLE})
    end = data.rindex(b"PK\5\6")
    with pytest.raises(BadSet, match="zip64"):
        opened(data[:end] + struct.pack("<4sIQI", b"PK\6\7", 0, 0, 1) + data[end:])
    comment = bytes(65_535)
    long = data[:end] + struct.pack("<4sIQI", b"PK\6\7", 0, 0, 1) + data[end:-2] + b"\xff\xff" + comment
    with pytest.raises(BadSet, match="zip64"):
        opened(long)


def test_a_name_twice() -> None:
    data = zipped({"labels.csv": TABLE, "a.jpg": b"x", "b.jpg": b"y"}).replace(b"b.jpg", b"a.jpg")
    with pytest.raises(BadSet, match=r"'a\.jpg' twice"):
        opened(data)


@pytest.mark.parametrize("files", [{"a.jpg": b"x"}, {"x/labels.csv": TABLE, "y/labels.csv": TABLE}])
def test_tables_there_must_be_one_of(files: dict[str, bytes]) -> None:
    with pytest.raises(BadSet, match=r"files labels\.csv"):
        opened(zipped(files))


@pytest.mark.parametrize("data", [b"", b"PK", b"I am a zip.", b"PK\5\6", b"PK\5\6" + bytes(17), bytes(100_000)])
def test_not_a_zip(data: bytes) -> None:
    with pytest.raises(BadSet, match="zip"):
        opened(data)


def test_mutations_are_read_or_refused() -> None:
    choice = random.Random(0)
    data = zipped({"labels.csv": TABLE, "a.jpg": choice.randbytes(300), "b.jpg": bytes(300)})
    refused = 0
    for _ in range(2000):
        changed = bytearray(data)
        for _ in range(choice.choice((1, 2, 10))):
            changed[choice.randrange(len(changed))] = choice.randrange(256)
        try:
            archive = opened(bytes(changed[: choice.choice((len(data), choice.randrange(len(data))))]))
            for name in ("labels.csv", "a.jpg", "b.jpg"):
                assert len(archive.read(name)) <= BOUNDS.file_bytes
        except BadSet:
            refused += 1
    assert 500 < refused < 2000

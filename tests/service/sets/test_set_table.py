from __future__ import annotations

import pytest

from service.errors import BadSet
from service.sets.table import Row, read_table
from tests.service.archives import table


def test_rows() -> None:
    text = table("a.jpg,positive,m/a.png", "x/b.jpg, negative ,", "c.jpg,1", columns="file,label,mask")
    assert read_table(b"\xef\xbb\xbf" + text.encode(), most_rows=3) == [
        Row(file="a.jpg", label="positive", mask="m/a.png"),
        Row(file="x/b.jpg", label="negative", mask=None),
        Row(file="c.jpg", label="1", mask=None),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no image"),
        (table(), "no image"),
        (table("a.jpg,1", columns="name,label"), "file,label"),
        (table("a.jpg,1", columns="file"), "file,label"),
        (table("a.jpg,"), "line 2"),
        (table(",1"), "line 2"),
        (table("a.jpg"), "line 2"),
        (table("../a.jpg,1"), "within the set"),
        (table("/a.jpg,1"), "within the set"),
        (table("a.jpg,1,../m.png", columns="file,label,mask"), "within the set"),
        (table("a.jpg,1", "a.jpg,0"), "twice"),
        (table("a.jpg,1", "b.jpg,1", "c.jpg,1", "d.jpg,1"), "at most 3"),
        ("\xff\xfe", "UTF-8"),
        (table('"a.jpg,1'), "UTF-8"),
        ("file,label\n" + "x" * (1 << 22), "bytes"),
        (table("x" * 200_000 + ",1"), "UTF-8"),
    ],
)
def test_tables_that_cannot_be_used(text: str, words: str) -> None:
    with pytest.raises(BadSet, match=words):
        read_table(text.encode("latin-1"), most_rows=3)

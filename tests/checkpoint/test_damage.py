"""Damage of any kind is noticed, and the error names the file."""

import random

import pytest

from pyflinkx.checkpoint.manifest import decode_manifest
from pyflinkx.errors import CorruptDataError

from .damage import contents, damage, flipped, made_in, noticed
from .states import SECRET


def test_every_byte_of_a_manifest_counts(tmp_path):
    _, made = made_in(tmp_path)
    with open(f"{made.folder}/_metadata", "rb") as file:
        whole = file.read()
    assert decode_manifest(whole, SECRET).operators == made.operators
    for place in range(len(whole)):
        for bit in (0, 3, 7):
            with pytest.raises(CorruptDataError, match=r"^the name: "):
                decode_manifest(flipped(whole, place, bit), SECRET, "the name")
    for size in range(len(whole)):
        with pytest.raises(CorruptDataError, match=r"^the name: "):
            decode_manifest(whole[:size], SECRET, "the name")


@pytest.mark.parametrize("compressed", [False, True])
def test_damage_is_noticed_and_the_file_named(tmp_path, compressed):
    storage, made = made_in(tmp_path, compressed)
    rng = random.Random(7)
    sound = contents(storage, made.folder)
    for _ in range(400):
        kind, names, undo = damage(rng, made.folder)
        said = noticed(storage, made.folder)
        assert said is not None, kind
        assert any(name in said for name in names), (kind, names, said)
        undo()
    assert contents(storage, made.folder) == sound

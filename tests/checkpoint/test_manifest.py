"""Manifests: what is written is read, and what cannot be read says why."""

import json

import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.checkpoint.manifest import (
    ABOUT,
    DIGEST_SIZE,
    FOOT,
    HEAD,
    MAGIC,
    SECTION,
    SHARED,
    decode_manifest,
    encode_manifest,
    sections_of,
)
from pyflinkx.checkpoint.metadata import CHECKPOINT, SAVEPOINT, Checkpoint, OperatorStates, StatePart, SubtaskStates
from pyflinkx.errors import CorruptDataError
from tests.fuzz import fuzz_checkpoint

from .states import SECRET

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.text("abcXYZ019-_.", min_size=1, max_size=20).filter(lambda name: name.strip("."))
NUMBERS = st.integers(0, 2**63 - 1)


@st.composite
def parts(draw):
    data = draw(st.binary(max_size=50))
    inside = draw(st.booleans())
    pickled = draw(st.booleans())
    first = draw(st.integers(0, 127))
    return StatePart(
        state=draw(TEXT),
        kind=draw(TEXT),
        rows=draw(NUMBERS),
        size=len(data) if inside else draw(NUMBERS),
        digest=draw(st.binary(min_size=16, max_size=16)),
        file="" if inside else draw(st.sampled_from(["", SHARED])) + draw(NAMES),
        offset=0 if inside else draw(NUMBERS),
        data=data if inside else b"",
        groups=(first, draw(st.integers(first, 127))) if draw(st.booleans()) else None,
        pickled=pickled,
        tag=draw(st.binary(max_size=32)) if pickled else b"",
    )


SUBTASKS = st.lists(st.builds(SubtaskStates, st.lists(parts(), max_size=3).map(tuple), st.booleans()), max_size=3)
OPERATORS = st.lists(
    st.builds(
        OperatorStates, TEXT, TEXT, st.integers(128, 2**15), SUBTASKS.map(tuple), coordinator=st.none() | parts()
    ),
    max_size=3,
    unique_by=lambda operator: operator.uid,
).map(lambda operators: {operator.uid: operator for operator in operators})
CHECKPOINTS = st.builds(
    Checkpoint,
    NUMBERS,
    st.sampled_from([CHECKPOINT, SAVEPOINT]),
    TEXT,
    TEXT,
    st.integers(),
    OPERATORS,
    properties=st.dictionaries(TEXT, TEXT, max_size=3),
    sections=st.lists(st.tuples(st.integers(3, 2**16 - 1), st.binary(max_size=20)), max_size=2).map(tuple),
)


@given(CHECKPOINTS)
def test_a_manifest_comes_back(checkpoint):
    whole = encode_manifest(checkpoint, SECRET)
    assert decode_manifest(whole, SECRET) == checkpoint
    assert not decode_manifest(whole, b"another").signed
    assert encode_manifest(decode_manifest(whole, SECRET), SECRET) == whole


SMALL = Checkpoint(1, CHECKPOINT, "ab", "job", 5, {"u": OperatorStates("u", "n", 4, (SubtaskStates(),))})


def rebuilt(change=lambda document: None, *, version=1, more=(), drop=None):
    """A manifest with another content, and the digest that it should have."""
    whole = encode_manifest(SMALL, SECRET)
    sections = [(kind, needed, bytes(content)) for kind, needed, content in sections_of(memoryview(whole)[:-FOOT], 2)]
    document = json.loads(sections[0][2])
    change(document)
    sections[0] = (ABOUT, 0, json.dumps(document).encode())
    sections = [section for section in sections if section[0] != drop] + list(more)
    body = HEAD.pack(MAGIC, version, 0, len(sections))
    for kind, needed, content in sections:
        body += SECTION.pack(kind, needed, 0, len(content)) + content
    body += whole[-FOOT:-DIGEST_SIZE]
    return body + xxhash.xxh3_128_digest(body)


def part(**changes):
    """A change of a manifest's JSON that gives it a part."""
    about = {"state": "s", "kind": "k", "rows": 1, "size": 1, "digest": "00" * 16, "file": "f.state", "offset": 0}
    about.update(changes)
    about = {key: value for key, value in about.items() if value is not None}
    return lambda document: document["operators"][0]["subtasks"][0]["parts"].append(about)


@pytest.mark.parametrize(
    ("manifest", "text"),
    [
        (b"", "0 bytes are no manifest"),
        (b"x" * 200, "200 bytes are no manifest"),
        (rebuilt(version=2), "format version 2, and this release of pyflinkx reads version 1 only"),
        (rebuilt(more=[(7, 0, b"")]), "a section of kind 7, without which it cannot be restored"),
        (rebuilt(more=[(7, 2, b"")]), "a section of kind 7, without which it cannot be restored"),
        (rebuilt(more=[(ABOUT, 0, b"{}")]), "section 1 twice"),
        (rebuilt(drop=2), "lacks a section"),
        (rebuilt(lambda document: document.pop("job")), "nothing fit for 'job'"),
        (rebuilt(lambda document: document.update(kind="x")), "neither a checkpoint nor a savepoint"),
        (rebuilt(lambda document: document.update(number=True)), "nothing fit for 'number'"),
        (rebuilt(lambda document: document.update(number=-1)), "'number' out of its range"),
        (rebuilt(lambda document: document.update(number=10**30)), "'number' out of its range"),
        (rebuilt(lambda document: document["operators"].append(document["operators"][0])), "operator 'u' twice"),
        (rebuilt(lambda document: document["properties"].update(a=1)), "no text"),
        (rebuilt(part(file="../x")), "outside of its folders"),
        (rebuilt(part(file="/etc/passwd")), "outside of its folders"),
        (rebuilt(part(file="../shared/../x")), "outside of its folders"),
        (rebuilt(part(file="..")), "outside of its folders"),
        (rebuilt(part(file="a\0b")), "outside of its folders"),
        (rebuilt(part(file=None)), "no 1 bytes of states at 0"),
        (rebuilt(part(file=None, size=2**63 - 1, offset=2**63 - 1)), "bytes of states at"),
        (rebuilt(part(groups=[3, 4])), "key groups that cannot be"),
        (rebuilt(part(groups=[3, 2])), "key groups that cannot be"),
        (rebuilt(part(digest="zz" * 16)), "'digest' that is none"),
        (rebuilt(part(digest="00 " * 15 + "00")), "'digest' that is none"),
        (rebuilt(part(tag="00" * 33)), "'tag' that is none"),
    ],
)
def test_what_cannot_be_read_says_why(manifest, text):
    with pytest.raises(CorruptDataError, match=text) as caught:
        decode_manifest(manifest, SECRET, "the/_metadata")
    assert str(caught.value).startswith("the/_metadata: ")


def test_a_deep_document_is_refused():
    whole = b"[" * 100_000
    body = HEAD.pack(MAGIC, 1, 0, 2)
    for kind, content in ((ABOUT, whole), (2, b"")):
        body += SECTION.pack(kind, 0, 0, len(content)) + content
    body += bytes(FOOT - DIGEST_SIZE)
    with pytest.raises(CorruptDataError, match="no JSON"):
        decode_manifest(body + xxhash.xxh3_128_digest(body), SECRET)


def test_what_a_later_version_adds_is_kept():
    found = decode_manifest(rebuilt(more=[(9, 1, b"journal")]), SECRET)
    assert found.sections == ((9, b"journal"),)
    assert decode_manifest(encode_manifest(found, SECRET), SECRET).sections == found.sections


def test_hostile_bytes_end_in_one_kind_of_error(capsys):
    fuzz_checkpoint.main(["--runs", "3000", "--seed", "5"])
    assert "manifest: " in capsys.readouterr().out

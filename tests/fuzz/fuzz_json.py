"""Feeds mutated bytes to the compiled JSON reader: fuzz_json [--runs N] [--seed S].

Nothing but CorruptDataError may come out, and rows, columns and errors must be those of the decoder of one message: in
batches of messages and as lines of a file.
"""

import argparse
import json
import random
import sys

from pyflinkx.errors import CorruptDataError
from pyflinkx.formats.json_messages import JsonMessages
from pyflinkx.formats.json_values import Reading
from pyflinkx.types.typeinfo import Types

FIELDS = {
    "id": (Types.LONG(), 12),
    "tiny": (Types.BYTE(), -7),
    "text": (Types.STRING(), 'é"\n\\😀'),
    "letter": (Types.CHAR(), "é"),
    "price": (Types.DOUBLE(), 12.5e-3),
    "single": (Types.FLOAT(), 1e30),
    "flag": (Types.BOOLEAN(), True),
    "big": (Types.BIG_DEC(), 0.25),
    "huge": (Types.BIG_INT(), -(2**62)),
    "day": (Types.SQL_DATE(), "2013-01-31"),
    "time": (Types.SQL_TIME(), "10:05:00.25Z"),
    "at": (Types.SQL_TIMESTAMP(), "2013-01-31T10:05:00.123+01:00"),
    "instant": (Types.INSTANT(), "1969-12-31T23:59:59.5Z"),
    "bytes": (Types.PRIMITIVE_ARRAY(Types.BYTE()), "AP8="),
    "list": (Types.LIST(Types.LONG()), [1, None, 3]),
    "map": (Types.MAP(Types.STRING(), Types.LIST(Types.STRING())), {"a": ["b", None], "c": None}),
    "row": (
        Types.ROW_NAMED(["x", "y"], [Types.INT(), Types.MAP(Types.STRING(), Types.INT())]),
        {"y": {"a": 1}, "x": 2},
    ),
    "pair": (Types.LIST(Types.TUPLE([Types.LONG(), Types.STRING()])), [[1, "y"], None]),
}
TYPE = Types.ROW_NAMED(list(FIELDS), [type_info for type_info, _ in FIELDS.values()])
WHOLE = {name: value for name, (_, value) in FIELDS.items()}
SEEDS = [
    json.dumps(WHOLE).encode(),
    json.dumps(WHOLE, ensure_ascii=False, separators=(",", ":")).encode(),
    json.dumps(dict(reversed(WHOLE.items())), indent=1).encode(),
    *(json.dumps({name: value, "other": WHOLE}).encode() for name, value in WHOLE.items()),
]
PIECES = [
    *(bytes([sign]) for sign in b'"\\{}[],:\0\xff\n\r-0.e=Z+'),
    *(b"\xe2\x82", b"\xed\xa0\x80", b"\\ud83d", b"\\u00e9", b"null", b"true", b"1e999", b"9" * 20, b"NaN"),
]


def mutate(data: bytes, rng: random.Random) -> bytes:
    mutated = bytearray(data)
    for _ in range(rng.randrange(0, 5)):
        place = rng.randrange(len(mutated) + 1)
        match rng.randrange(4):
            case 0:
                mutated[place:place] = rng.choice(PIECES)
            case 1:
                del mutated[place : place + rng.randrange(1, 9)]
            case 2:
                mutated[place : place + 1] = bytes([rng.randrange(256)])
            case _:
                start = rng.randrange(len(mutated) + 1)
                mutated[place:place] = mutated[start : start + rng.randrange(30)]
    return bytes(mutated[: rng.randrange(len(mutated) + 1)] if rng.random() < 0.05 else mutated)


def outcome(messages: JsonMessages, message: bytes) -> str:
    try:
        return repr(messages.decode(message))
    except CorruptDataError as error:
        return str(error)


def check(messages: JsonMessages, data: list[bytes]) -> int:
    """How many are rows."""
    expected = [outcome(messages, message) for message in data]
    failures: list = []
    found = list(map(repr, messages.decoder.rows(data, failures)))
    for place, error in failures:
        found[place] = str(error)
    assert found == expected, (found, expected)
    batch = messages.decoder.columns(data, [])
    batch.validate(full=True)
    bad = {place for place, _ in failures}
    rows = [one for place, one in enumerate(expected) if place not in bad and one != "None"]
    assert list(map(repr, batch.to_rows())) == rows
    check_lines(messages, data)
    return len(rows)


def check_lines(messages: JsonMessages, data: list[bytes]) -> None:
    """The same as lines."""
    lines = [line for message in data for line in message.replace(b"\r", b"\n").split(b"\n") if line.strip(b" \t")]
    expected = [outcome(messages, line) for line in lines]
    reader = messages.decoder.new_line_reader()
    block = b"\n".join(lines)
    at = 0
    found: list[str] = []
    while at < len(block):
        result = reader.read_lines(block, at, 1000, False)
        found += map(repr, messages.decoder.taken(reader).to_rows())
        if result.rare is not None:
            start, length = result.rare
            found.append(outcome(messages, block[start : start + length]))
        at = result.at
    assert found == expected, (found, expected)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    modes = [JsonMessages(TYPE, Reading(all_fields, lenient)) for all_fields, lenient in ((0, 0), (1, 0), (0, 1))]
    rows = 0
    done = 0
    while done < arguments.runs:
        data = [mutate(rng.choice(SEEDS), rng) for _ in range(rng.randrange(1, 20))]
        try:
            rows += check(rng.choice(modes), data)
        except BaseException:
            print(f"input {done} of seed {arguments.seed}: {data!r}", file=sys.stderr)
            raise
        done += len(data)
    print(f"fuzz_json: {done} messages, {rows} rows, seed {arguments.seed}: as they should be")


if __name__ == "__main__":
    main()

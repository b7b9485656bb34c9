"""Persons, auctions and bids as Arrow tables, from a seed.

The proportions and distributions are those of the Nexmark benchmark (https://github.com/nexmark/nexmark): of 50 events
one is a person, three are auctions and 46 are bids; half of the bids are on a hot auction, three quarters of bids and
auctions are of a hot person; 10,000 events a second of event time. Events arrive in the order of their time plus up to
``DISORDER_MS``, so that a watermark of so much is exact.
"""

from __future__ import annotations

from typing import Any

import numpy
import pyarrow

PERSONS, AUCTIONS, BIDS = 1, 3, 46
ALL = PERSONS + AUCTIONS + BIDS
EVENTS_A_SECOND = 10_000
DISORDER_MS = 2_000
# 2026-01-01, 18:59 UTC: from the second minute on it is no longer day for q14.
BASE_MS = 1_767_293_940_000
FIRST = 1_000
FIRST_CATEGORY, CATEGORIES = 10, 5
HOT_BATCH = 100
IN_FLIGHT, ACTIVE, LEAD = 100, 1_000, 10
CHANNELS = 10_000
HOT_CHANNELS = ["Google", "Facebook", "Baidu", "Apple"]
STATES = ["AZ", "CA", "ID", "OR", "WA", "WY"]
CITIES = [
    "Phoenix",
    "Los Angeles",
    "San Francisco",
    "Boise",
    "Portland",
    "Bend",
    "Redmond",
    "Seattle",
    "Kent",
    "Cheyenne",
]
FIRST_NAMES = ["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"]
LAST_NAMES = ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"]
LETTERS = numpy.frombuffer(b"abcdefghijklmnopqrstuvwxyz", numpy.uint8)


def tables(events: int, seed: int = 42) -> dict[str, Any]:
    """``person``, ``auction`` and ``bid`` of the first events.

    Args:
        events: how many in all.
        seed: of the random numbers.

    Returns:
        pyarrow.Table by name; ``dateTime`` and ``expires`` are timestamps in ms without a zone.
    """
    rng = numpy.random.default_rng(seed)
    number = numpy.arange(events, dtype=numpy.int64)
    offset = number % ALL
    time = BASE_MS + number * 1_000 // EVENTS_A_SECOND
    arrival = time + rng.integers(0, DISORDER_MS + 1, events)
    order = numpy.argsort(arrival, kind="stable")
    makers = [
        ("person", persons, offset < PERSONS),
        ("auction", auctions, (offset >= PERSONS) & (offset < PERSONS + AUCTIONS)),
        ("bid", bids, offset >= PERSONS + AUCTIONS),
    ]
    return {name: make(order[chosen[order]], time, rng) for name, make, chosen in makers}


def persons(number: Any, time: Any, rng: Any) -> Any:
    count = len(number)
    cards = rng.integers(0, 10_000, (count, 4))
    return pyarrow.table(
        {
            "id": last_person(number) + FIRST,
            "name": joined([pick(FIRST_NAMES, count, rng), pick(LAST_NAMES, count, rng)], " "),
            "emailAddress": joined([texts(rng, count, 3, 7), joined([texts(rng, count, 3, 5), ".com"], "")], "@"),
            "creditCard": [" ".join(f"{group:04d}" for group in card) for card in cards.tolist()],
            "city": pick(CITIES, count, rng),
            "state": pick(STATES, count, rng),
            "dateTime": stamps(time[number]),
            "extra": texts(rng, count, 100, 150),
        }
    )


def auctions(number: Any, time: Any, rng: Any) -> Any:
    count = len(number)
    last = last_person(number)
    hot = rng.integers(0, 4, count) > 0
    initial = prices(rng, count)
    # On average as long as it takes until IN_FLIGHT more auctions have begun.
    horizon = IN_FLIGHT * ALL // AUCTIONS * 1_000 // EVENTS_A_SECOND
    return pyarrow.table(
        {
            "id": last_auction(number) + FIRST,
            "itemName": texts(rng, count, 3, 20),
            "description": texts(rng, count, 3, 100),
            "initialBid": initial,
            "reserve": initial + prices(rng, count),
            "dateTime": stamps(time[number]),
            "expires": stamps(time[number] + 1 + rng.integers(0, 2 * horizon, count)),
            "seller": numpy.where(hot, last // HOT_BATCH * HOT_BATCH, some_person(last, rng)) + FIRST,
            "category": FIRST_CATEGORY + rng.integers(0, CATEGORIES, count),
            "extra": texts(rng, count, 250, 400),
        }
    )


def bids(number: Any, time: Any, rng: Any) -> Any:
    count = len(number)
    auction, person = last_auction(number), last_person(number)
    lowest = numpy.maximum(auction - IN_FLIGHT, 0)
    some_auction = lowest + rng.integers(0, auction - lowest + 1 + LEAD)
    hot_auction = rng.integers(0, 2, count) > 0
    hot_bidder = rng.integers(0, 4, count) > 0
    names, urls = channels(rng)
    channel = numpy.where(
        rng.integers(0, 2, count) > 0,
        rng.integers(0, len(HOT_CHANNELS), count),
        len(HOT_CHANNELS) + rng.integers(0, CHANNELS, count),
    )
    return pyarrow.table(
        {
            "auction": numpy.where(hot_auction, auction // HOT_BATCH * HOT_BATCH, some_auction) + FIRST,
            "bidder": numpy.where(hot_bidder, person // HOT_BATCH * HOT_BATCH + 1, some_person(person, rng)) + FIRST,
            "price": prices(rng, count),
            "channel": names.take(pyarrow.array(channel)),
            "url": urls.take(pyarrow.array(channel)),
            "dateTime": stamps(time[number]),
            "extra": texts(rng, count, 54, 82),
        }
    )


# ---- numbers ----


def last_person(number: Any) -> Any:
    """The newest person when an event comes, from 0."""
    return number // ALL


def last_auction(number: Any) -> Any:
    """The newest auction when an event comes, from 0; -1 when there is none yet."""
    return number // ALL * AUCTIONS + numpy.clip(number % ALL - PERSONS, -1, AUCTIONS - 1)


def some_person(last: Any, rng: Any) -> Any:
    """One of those who are active, or who come next."""
    active = numpy.minimum(last + 1, ACTIVE)
    return last + 1 - active + rng.integers(0, active + LEAD)


def prices(rng: Any, count: int) -> Any:
    return numpy.rint(10.0 ** (rng.random(count) * 6.0) * 100.0).astype(numpy.int64)


def stamps(milliseconds: Any) -> Any:
    return pyarrow.array(milliseconds.astype("datetime64[ms]"))


# ---- texts ----


def texts(rng: Any, count: int, least: int, most: int) -> Any:
    """Letters, ``least`` to ``most - 1`` of them."""
    lengths = rng.integers(least, most, count)
    offsets = numpy.zeros(count + 1, numpy.int32)
    numpy.cumsum(lengths, out=offsets[1:])
    letters = LETTERS[rng.integers(0, 26, int(offsets[-1]), numpy.uint8)]
    return pyarrow.StringArray.from_buffers(count, pyarrow.py_buffer(offsets), pyarrow.py_buffer(letters))


def pick(values: list[str], count: int, rng: Any) -> Any:
    return pyarrow.array(values).take(pyarrow.array(rng.integers(0, len(values), count)))


def joined(parts: list[Any], separator: str) -> Any:
    import pyarrow.compute

    return pyarrow.compute.binary_join_element_wise(*parts, separator)


def channels(rng: Any) -> tuple[Any, Any]:
    """Names and addresses of all channels, the hot ones first; nine of ten of the others name themselves there."""
    words = texts(rng, 3 * (CHANNELS + len(HOT_CHANNELS)), 3, 5).to_pylist()
    names, urls = list(HOT_CHANNELS), []
    for place in range(CHANNELS + len(HOT_CHANNELS)):
        url = f"https://www.nexmark.com/{'/'.join(words[3 * place : 3 * place + 3])}/item.htm?query=1"
        if place >= len(HOT_CHANNELS):
            index = place - len(HOT_CHANNELS)
            names.append(f"channel-{index}")
            if rng.integers(0, 10) > 0:
                url += f"&channel_id={abs(int(f'{index:032b}'[::-1], 2) - (index % 2 << 32))}"
        urls.append(url)
    return pyarrow.array(names), pyarrow.array(urls)

from collections import namedtuple
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.records.row import Row, RowKind
from pyflinkx.errors import TypeInformationError
from pyflinkx.operators.field_reduce import AccumulateType, FieldReduce, field_fold
from pyflinkx.operators.fields import FieldPath, field_of, with_field

Point = namedtuple("Point", "x y")


@dataclass(frozen=True)
class Sale:
    x: object
    y: object


class Plain:
    def __init__(self, x, y):
        self.x = x
        self.y = y


def records(x, y):
    """The same two fields in every shape that has positions and the names x and y."""
    return [Row(x=x, y=y), Point(x, y), Sale(x, y)]


@pytest.mark.parametrize("record", [*records(1, 2), {"x": 1, "y": 2}, Plain(1, 2)], ids=lambda r: type(r).__name__)
def test_a_field_is_read_by_its_name(record):
    assert (field_of(record, "x"), field_of(record, "y")) == (1, 2)
    with pytest.raises(TypeInformationError, match="no field 'z'"):
        field_of(record, "z")


@pytest.mark.parametrize("record", [*records(1, 2), (1, 2), [1, 2], Row(1, 2)], ids=lambda r: type(r).__name__)
def test_a_field_is_read_by_its_position(record):
    assert (field_of(record, 0), field_of(record, 1)) == (1, 2)
    with pytest.raises(TypeInformationError, match="no field 2"):
        field_of(record, 2)


@pytest.mark.parametrize("record", [(1, 2), [1, 2], Row(1, 2)])
def test_fields_without_names_have_flinks_names(record):
    assert field_of(record, "f1") == 2
    assert field_of(with_field(record, "f1", 3), 1) == 3
    with pytest.raises(TypeInformationError):
        field_of(record, "f2")


def test_a_path_goes_through_records_of_all_kinds():
    record = Row(user=Sale({"ids": [(1, "a"), (2, "b")]}, None))
    assert FieldPath(("user", "x", "ids", 1, "f1"))(record) == "b"
    assert FieldPath(())(record) is record
    assert FieldPath(("1",))({"1": "text"}) == "text"
    assert FieldPath((1,))({"1": "text"}) == "text"


@given(st.integers(), st.integers(), st.integers(), st.sampled_from([0, 1, "x", "y"]))
def test_replacing_a_field_changes_a_copy(x, y, new, step):
    for record, untouched in zip(records(x, y), records(x, y), strict=True):
        changed = with_field(record, step, new)
        expected = {0: (new, y), 1: (x, new)}[{"x": 0, "y": 1}.get(step, step)]
        assert (field_of(changed, "x"), field_of(changed, "y")) == expected
        assert type(changed) is type(record)
        assert record == untouched


def test_a_changed_row_keeps_its_kind_and_a_dict_its_keys():
    row = Row.of_kind(RowKind.DELETE, 1, 2)
    assert with_field(row, 0, 5) == Row.of_kind(RowKind.DELETE, 5, 2)
    assert with_field({"x": 1, "y": 2}, "x", 3) == {"x": 3, "y": 2}
    assert with_field([1, 2], 0, 3) == [3, 2]
    with pytest.raises(TypeInformationError, match="cannot be replaced"):
        with_field(Plain(1, 2), "x", 3)


PAIRS = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=12)
KINDS = list(AccumulateType)


def naive(kind, pairs):
    """What the first field of the last result is, and of which record the second."""
    firsts = [x for x, _ in pairs]
    if kind is AccumulateType.SUM:
        return sum(firsts), pairs[0][1]
    if kind is AccumulateType.MIN:
        return min(firsts), pairs[0][1]
    if kind is AccumulateType.MAX:
        return max(firsts), pairs[0][1]
    best = min(firsts) if kind is AccumulateType.MIN_BY else max(firsts)
    return pairs[firsts.index(best)]


@given(PAIRS, st.sampled_from(KINDS), st.sampled_from([tuple, list, Row, "named row", Point, Sale, dict]))
def test_folding_a_field_of_records_of_any_shape(pairs, kind, shape):
    makers = {
        tuple: lambda x, y: (x, y),
        list: lambda x, y: [x, y],
        "named row": lambda x, y: Row(x=x, y=y),
        dict: lambda x, y: {"x": x, "y": y},
    }
    make = makers.get(shape, shape)
    reduce = field_fold(kind, "x" if shape in ("named row", Point, Sale, dict) else 0)
    values = [make(x, y) for x, y in pairs]
    result = values[0]
    for value in values[1:]:
        result = reduce(result, value)
    assert result == make(*naive(kind, pairs))
    assert values == [make(x, y) for x, y in pairs]


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (AccumulateType.SUM, [Decimal("1.5"), Decimal(2)], Decimal("3.5")),
        (AccumulateType.SUM, ["a", "b"], "ab"),
        (AccumulateType.MAX, [date(2024, 1, 1), date(2023, 1, 1)], date(2024, 1, 1)),
        (AccumulateType.MIN_BY, [3, 2.5], 2.5),
    ],
)
def test_a_plain_value_is_its_own_field_0(kind, values, expected):
    assert field_fold(kind, 0)(*values) == expected


def test_ties_keep_the_first_record():
    first, second = ("a", 1), ("b", 1)
    for make in (FieldReduce, field_fold):
        assert make(AccumulateType.MIN_BY, 1)(first, second) is first
        assert make(AccumulateType.MAX_BY, 1)(first, second) is first

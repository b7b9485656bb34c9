"""Fields of records that have another name now than the state was written with."""

import dataclasses
from typing import Annotated, NamedTuple, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.common import Row, Types
from pyflinkx.common.typeinfo import Alias
from pyflinkx.errors import TypeInformationError, WrongStateError
from pyflinkx.state import KeyedStateBackend, ListStateDescriptor, MapStateDescriptor, ValueStateDescriptor
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.infer import type_info_from_annotation as info
from tests.state.test_evolution import again, got


@dataclasses.dataclass
class Before:
    name: str
    visits: int


@dataclasses.dataclass
class After:
    count: Annotated[int, Alias("visits")]
    title: Annotated[str, "a note of somebody's", Alias("label", "name")]


class Named(NamedTuple):
    title: Annotated[str, Alias("name")]
    count: Annotated[int, Alias("visits")]


class Typed(TypedDict):
    title: Annotated[str | None, Alias("name")]
    count: Annotated[int, Alias("visits")]


OLD = Types.ROW_NAMED(["name", "visits"], [Types.STRING(), Types.INT()])
NEW = Types.ROW_NAMED(
    ["title", "count"], [Types.STRING(), Types.LONG()], aliases={"title": "name", "count": ["times", "visits"]}
)


def fields(value):
    if isinstance(value, (Row, dict)):
        return value["title"], value["count"]
    return value.title, value[1] if isinstance(value, tuple) else value.count


@pytest.mark.parametrize("new", [NEW, info(After), info(Named), info(Typed)], ids=["row", "class", "named", "typed"])
def test_a_field_is_read_by_what_it_was_called(new):
    old, value = (OLD, Row(name="a", visits=3)) if new is NEW else (info(Before), Before("a", 3))
    assert fields(again([old], [new], value)) == ("a", 3)


def test_rows_get_wider_under_another_name():
    assert fields(again([OLD], [NEW], Row(name=None, visits=3))) == (None, 3)


def test_at_any_depth():
    old, new = [Types.STRING(), info(Before)], [Types.STRING(), info(After)]
    expected = After(3, "a")
    assert again(old, new, {"x": Before("a", 3)}, make=MapStateDescriptor) == {"x": expected}
    assert again(old[1:], new[1:], [Before("a", 3)], make=ListStateDescriptor) == [expected]
    nested = [Types.TUPLE([Types.LIST(kind), Types.LONG()]) for kind in (info(Before), info(After))]
    assert again([nested[0]], [nested[1]], ([Before("a", 3)], 1)) == ([expected], 1)


def by_key(old, new, key, new_key):
    """A value of a key of one type, and what there is for a key of another one."""
    first = KeyedStateBackend(key_type=old)
    first.context.key = key
    first.get_state(ValueStateDescriptor("state", Types.INT())).update(7)
    second = KeyedStateBackend(key_type=new)
    second.restore(first.export(128), range(128))
    second.context.key = new_key
    return got(second, ValueStateDescriptor("state", Types.INT()))


def key_class(**fields):
    return dataclasses.make_dataclass("Key", fields.items(), frozen=True, eq=True)


def test_fields_of_a_keys_class_may_be_renamed():
    old, new = key_class(name=str, visits=int), key_class(title=Annotated[str, Alias("name")], visits=int)
    assert by_key(info(old), info(new), old("a", 3), new("a", 3)) == 7


@pytest.mark.parametrize("kind", ["row", "order", "class"])
def test_keys_that_would_be_in_another_group_are_refused(kind):
    old = key_class(name=str, visits=int)
    if kind == "row":
        new = Types.ROW_NAMED(["title", "visits"], [Types.STRING(), Types.INT()], {"title": "name"})
        types, keys = (OLD, new), (Row(name="a", visits=3), Row(title="a", visits=3))
    elif kind == "order":
        turned = key_class(visits=int, name=str)
        types, keys = (info(old), info(turned)), (old("a", 3), turned(3, "a"))
    else:
        other = dataclasses.make_dataclass("Other", [("name", str), ("visits", int)], frozen=True)
        types, keys = (info(old), info(other)), (old("a", 3), other("a", 3))
    with pytest.raises(WrongStateError, match="are part of a key, so they stay"):
        by_key(*types, *keys)


def test_the_field_of_that_name_counts_before_what_it_was_called():
    old = Types.ROW_NAMED(["a", "b"], [Types.INT(), Types.INT()])
    new = Types.ROW_NAMED(["b"], [Types.INT()], {"b": "a"})
    assert again([old], [new], Row(a=1, b=2))["b"] == 2
    assert again([Types.ROW_NAMED(["a"], [Types.INT()])], [new], Row(a=1))["b"] == 1


def test_they_are_no_part_of_what_is_stored():
    plain = Types.ROW_NAMED(["title", "count"], [Types.STRING(), Types.LONG()])
    assert plain == NEW
    assert codec_of(plain).snapshot() == codec_of(NEW).snapshot()
    assert codec_of(NEW).aliases == {"title": ("name",), "count": ("times", "visits")}


def test_without_them_another_name_is_another_field():
    assert again([OLD], [Types.ROW_NAMED(["title"], [Types.STRING()])], Row(name="a", visits=3))["title"] is None


@pytest.mark.parametrize(
    ("aliases", "message"),
    [
        ({"c": "a"}, "aliases of a field 'c', which it does not have"),
        ({"b": "a"}, "alias 'a' of field 'b' is the name of a field"),
        ({"a": "x", "b": ["y", "x"]}, "'x' is an alias of two fields, 'a' and 'b'"),
        ({"a": [1]}, "an alias of field 'a' is a name, not 1"),
    ],
)
def test_it_must_be_clear_whose_they_are(aliases, message):
    with pytest.raises(TypeInformationError, match=message):
        Types.ROW_NAMED(["a", "b"], [Types.INT(), Types.INT()], aliases=aliases)


def test_an_alias_has_names():
    for names in ((), (1,)):
        with pytest.raises(TypeInformationError, match="Alias takes earlier names"):
            Alias(*names)
    assert repr(Alias("a", "b")) == "Alias('a', 'b')"
    assert Alias("a") == Alias("a") != Alias("b")


@given(
    st.permutations("abcde"),
    st.lists(st.integers(-(2**31), 2**31 - 1), min_size=5, max_size=5),
    st.sets(st.sampled_from("abcde")),
)
def test_any_renaming_is_one(order, values, renamed):
    old = Types.ROW_NAMED(list("abcde"), [Types.INT()] * 5)
    names = [name.upper() if name in renamed else name for name in order]
    new = Types.ROW_NAMED(names, [Types.LONG()] * 5, {name.upper(): name for name in renamed})
    found = again([old], [new], Row(**dict(zip("abcde", values, strict=True))))
    assert {name.lower(): found[name] for name in names} == dict(zip("abcde", values, strict=True))

"""Rows behave as PyFlink's do: the expected values here were read off PyFlink 2.3's own class, except where a test says
that ours differs and why."""

import copy
import gc
import pickle
import weakref

import cloudpickle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.records.row import Row, RowKind


class Subclass(Row):
    def total(self):
        return sum(self)


def kind_of(row):
    return str(row.get_row_kind())


def named():
    return Row(b=2, a=1)


def positional():
    return Row(1, "a", None)


def changed(make, change):
    row = make()
    change(row)
    return repr(row)


class TestMaking:
    def test_positional(self):
        row = positional()
        assert repr(row) == str(row) == "<Row(1, 'a', None)>"
        assert list(row) == [1, "a", None]
        assert len(row) == 3
        assert not hasattr(row, "_fields")

    def test_named_keeps_the_order_given(self):
        row = named()
        assert repr(row) == "Row(b=2, a=1)"
        assert row._fields == ["b", "a"]
        assert row._values == [2, 1]

    def test_both_is_an_error(self):
        with pytest.raises(ValueError, match="by position or by field name"):
            Row(1, a=2)

    def test_empty(self):
        assert repr(Row()) == "<Row()>"
        assert not Row()
        assert Row(0)

    def test_row_as_class(self):
        person = Row("name", "age")
        assert repr(person) == "<Row('name', 'age')>"
        assert repr(person("Al", 3)) == "Row(name='Al', age=3)"
        assert "name" in person
        assert "wrong" not in person

    def test_row_as_class_with_fewer_values(self):
        row = Row("name", "age")("Al")
        assert repr(row) == "Row(name='Al')"
        assert row._fields == ["name", "age"]
        with pytest.raises(AttributeError):
            row.age  # noqa: B018
        with pytest.raises(KeyError):
            row["age"]

    def test_row_as_class_with_more_values(self):
        with pytest.raises(ValueError, match="names 2 fields, but got 3"):
            Row("name", "age")(1, 2, 3)

    def test_row_as_class_hands_its_kind_on(self):
        assert kind_of(Row.of_kind(RowKind.DELETE, "a", "b")(1, 2)) == "-D"

    def test_new_without_init_is_empty_and_its_values_are_its_own(self):
        first, second = Row.__new__(Row), Row.__new__(Row)
        first._values.append(1)
        assert list(first) == [1]
        assert list(second) == []


class TestKinds:
    @pytest.mark.parametrize(
        ("kind", "value", "text"),
        [
            (RowKind.INSERT, 0, "+I"),
            (RowKind.UPDATE_BEFORE, 1, "-U"),
            (RowKind.UPDATE_AFTER, 2, "+U"),
            (RowKind.DELETE, 3, "-D"),
        ],
    )
    def test_members(self, kind, value, text):
        assert kind.value == value
        assert str(kind) == f"{kind}" == text
        assert pickle.loads(pickle.dumps(kind)) is kind
        row = Row.of_kind(kind, 1)
        assert row.get_row_kind() is row._row_kind is kind

    def test_of_kind(self):
        assert repr(Row.of_kind(RowKind.UPDATE_AFTER, a=1, b=2)) == "Row(a=1, b=2)"
        assert kind_of(Row.of_kind(RowKind.UPDATE_AFTER, a=1)) == "+U"
        assert kind_of(Row(1)) == "+I"

    def test_set_row_kind(self):
        row = Row(1)
        row.set_row_kind(RowKind.DELETE)
        assert kind_of(row) == "-D"
        row._row_kind = RowKind.INSERT
        assert kind_of(row) == "+I"

    @pytest.mark.parametrize("kind", [3, "DELETE", None])
    def test_only_members(self, kind):
        # PyFlink keeps anything, and fails when the row is serialized.
        with pytest.raises(TypeError, match="RowKind"):
            Row(1).set_row_kind(kind)


class TestReading:
    def test_by_position(self):
        row = positional()
        assert (row[0], row[-1], row[0:2], row[True]) == (1, None, [1, "a"], "a")
        with pytest.raises(IndexError):
            row[3]

    def test_by_name(self):
        row = named()
        assert (row["a"], row.a, row["b"], row.b) == (1, 1, 2, 2)

    @pytest.mark.parametrize("name", ["zz", None, 1.0])
    def test_missing_item_of_a_named_row(self, name):
        with pytest.raises(ValueError, match=str(name)):
            named()[name]

    @pytest.mark.parametrize("name", ["zz", None, 1.0])
    def test_item_by_name_of_an_unnamed_row(self, name):
        with pytest.raises(AttributeError):
            positional()[name]

    @pytest.mark.parametrize(("row", "name"), [(named(), "zz"), (positional(), "a"), (Row(_x=1), "_x")])
    def test_missing_attribute(self, row, name):
        with pytest.raises(AttributeError, match=name):
            getattr(row, name)

    def test_methods_come_before_fields(self):
        for kind in (Row, Subclass):
            row = kind(as_dict=1, total=2)
            assert row["as_dict"] == 1
            assert row.as_dict() == {"as_dict": 1, "total": 2}
        assert Row(total=2).total == 2
        assert Subclass(total=2).total() == 2

    def test_contains_looks_at_names_else_at_values(self):
        assert "a" in named()
        assert 1 not in named()
        assert 1 in positional()

    def test_get_fields_by_names(self):
        assert named().get_fields_by_names(["a", "b"]) == [1, 2]
        assert named().get_fields_by_names(["a"]) == [1]
        assert positional().get_fields_by_names(["q"]) == [1, "a", None]
        row = named()
        assert row.get_fields_by_names(["b", "a"]) is row._values
        with pytest.raises(ValueError, match="q"):
            row.get_fields_by_names(["a", "q"])

    def test_as_dict(self):
        row = Row(k=1, v=Row(a=[Row(x=1), {"q": Row(y=2)}], t=(Row(z=1),)))
        assert row.as_dict() == {"k": 1, "v": row.v}
        assert row.as_dict(recursive=True) == {"k": 1, "v": {"a": [{"x": 1}, {"q": {"y": 2}}], "t": (Row(z=1),)}}
        assert list(named().as_dict()) == ["b", "a"]

    def test_as_dict_needs_names(self):
        with pytest.raises(TypeError, match="without field names"):
            positional().as_dict()


class TestWriting:
    def test_by_position_slice_and_name(self):
        assert changed(positional, lambda row: row.__setitem__(0, 9)) == "<Row(9, 'a', None)>"
        assert changed(positional, lambda row: row.__setitem__(slice(0, 1), [7, 8])) == "<Row(7, 8, 'a', None)>"
        assert changed(named, lambda row: row.__setitem__("a", 9)) == "Row(b=2, a=9)"

    def test_errors(self):
        with pytest.raises(IndexError):
            named()[9] = 9
        with pytest.raises(ValueError, match="9"):
            named()["zz"] = 9
        with pytest.raises(KeyError, match="zz"):
            positional()["zz"] = 9
        with pytest.raises(KeyError, match="age"):
            Row("name", "age")("Al")["age"] = 4

    @pytest.mark.parametrize("name", ["a", "zz", "values", "fields", "kind", "__dict__"])
    def test_attributes_are_not_written(self, name):
        for row in (named(), Subclass(1)):
            with pytest.raises(AttributeError, match=name):
                setattr(row, name, 9)
            with pytest.raises(AttributeError, match=name):
                delattr(row, name)

    def test_names_and_values_are_replaced(self):
        def set_names(row):
            row.set_field_names(["x", "y"])

        def set_values(row):
            row._values = (4,)

        def set_fields(row):
            row._fields = ["u"]

        assert changed(lambda: Row(1, 2), set_names) == "Row(x=1, y=2)"
        assert changed(named, set_values) == "Row(b=4)"
        assert changed(named, set_fields) == "Row(u=2)"


class TestEquality:
    def test_order_of_names_does_not_matter(self):
        assert Row(a=1, b=2) == Row(b=2, a=1)
        assert Row(a=1, b=2) != Row(b=1, a=2)

    def test_differences(self):
        assert Row(1, 2) != Row(a=1, b=2)
        assert Row(a=1) != Row(b=1)
        assert Row(1) != Row(1, 2)
        assert Row(a=1) != Row(a=1, b=2)
        assert Row(1) != Row.of_kind(RowKind.DELETE, 1)
        assert Row(1) != [1]
        assert Row(1) != Subclass(1)
        assert Row("a", "b")(1) != Row("b", "a")(1)

    def test_fewer_values_than_names(self):
        # PyFlink raises IndexError here.
        assert Row("a", "b")(1) == Row("a", "b")(1)
        assert Row("a", "b")(1) != Row("a", "b")(1, 2)

    def test_hash_is_that_of_the_values(self):
        assert hash(Row(1, "a")) == hash(Row(x=1, y="a")) == hash((1, "a"))
        with pytest.raises(TypeError, match="unhashable"):
            hash(Row([]))

    def test_no_order(self):
        with pytest.raises(TypeError):
            Row(1) < Row(2)  # noqa: B015


class TestCopies:
    @pytest.mark.parametrize(
        "row",
        [
            Row(),
            positional(),
            named(),
            Row("name", "age"),
            Row("name", "age")("Al"),
            Row.of_kind(RowKind.UPDATE_BEFORE, a=Row(1)),
            Subclass(1, 2),
        ],
        ids=repr,
    )
    def test_round_trips(self, row):
        for again in (
            copy.copy(row),
            copy.deepcopy(row),
            cloudpickle.loads(cloudpickle.dumps(row)),
            *(pickle.loads(pickle.dumps(row, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)),
        ):
            assert again == row
            assert type(again) is type(row)
            assert again._values is not row._values

    def test_subclass(self):
        # PyFlink's pickled subclasses come back as plain rows.
        assert pickle.loads(pickle.dumps(Subclass(1, 2))).total() == 3

    def test_weak_references_and_cycles(self):
        row = Row(1)
        row[0] = row
        reference = weakref.ref(row)
        del row
        gc.collect()
        assert reference() is None


values = st.one_of(st.none(), st.integers(), st.text("xyz", max_size=5), st.floats(allow_nan=False))


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), values, min_size=1, max_size=6), st.randoms())
@settings(max_examples=100)
def test_named_row_is_its_dict(mapping, random):
    row = Row(**mapping)
    shuffled = list(mapping)
    random.shuffle(shuffled)
    assert row.as_dict() == mapping
    assert row.get_fields_by_names(shuffled) == [mapping[name] for name in shuffled]
    assert row == Row(**{name: mapping[name] for name in shuffled})
    assert [row[name] for name in mapping] == [getattr(row, name) for name in mapping] == list(mapping.values())
    assert pickle.loads(pickle.dumps(row)) == row

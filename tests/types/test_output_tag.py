import copy
import pickle

import pytest

from pyflinkx.errors import TypeInformationError
from pyflinkx.types.output_tag import OutputTag
from pyflinkx.types.typeinfo import Types


@pytest.mark.parametrize("tag_id", ["", None])
def test_a_tag_needs_an_id(tag_id):
    with pytest.raises(ValueError, match="OutputTag"):
        OutputTag(tag_id)


def test_tags_are_equal_by_id():
    assert OutputTag("late") == OutputTag("late", Types.INT())
    assert hash(OutputTag("late")) == hash(OutputTag("late"))
    assert OutputTag("late") != OutputTag("early")
    assert OutputTag("late") != "late"


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda tag: pickle.loads(pickle.dumps(tag))])
def test_a_tag_travels_with_its_function(duplicate):
    tag = duplicate(OutputTag("late", Types.INT()))
    assert (tag.tag_id, tag.type_info) == ("late", Types.INT())


def test_the_type_of_a_tag():
    assert OutputTag("late").type_info == Types.PICKLED_BYTE_ARRAY()
    assert OutputTag("late", [Types.INT(), Types.STRING()]).type_info == Types.ROW([Types.INT(), Types.STRING()])
    with pytest.raises(TypeInformationError, match="'late'"):
        OutputTag("late", int)

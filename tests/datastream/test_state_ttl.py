"""State with a time to live in whole programs."""

from pyflinkx.common import Time
from pyflinkx.datastream import KeyedProcessFunction
from pyflinkx.datastream.state import StateTtlConfig, ValueStateDescriptor


class FirstOfKey(KeyedProcessFunction):
    """Drops repetitions, as long as a key is remembered."""

    def open(self, runtime_context):
        descriptor = ValueStateDescriptor("seen")
        descriptor.enable_time_to_live(StateTtlConfig.new_builder(Time.days(1)).cleanup_incrementally(10, True).build())
        self.seen = runtime_context.get_state(descriptor)

    def process_element(self, value, ctx):
        if not self.seen.value():
            self.seen.update(True)
            yield value


def test_a_remembered_key_is_dropped(env):
    stream = env.from_collection([i % 50 for i in range(1000)]).key_by(lambda x: x).process(FirstOfKey())
    with stream.execute_and_collect() as results:
        assert sorted(results) == list(range(50))

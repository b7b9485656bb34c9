"""Memory that the processes of a job share, for frames and control elements to travel between them."""
cimport cython
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.number cimport PyNumber_Index
from libc.stdint cimport INT64_MAX

from pyflinkx._core.exchange.channel cimport Mapping, new_reader, new_writer, number
from pyflinkx._core.pfx.arena cimport (
    PFX_ARENAS,
    PFX_ARENA_MAX_OBJECTS,
    PFX_ARENA_MAX_SEGMENTS,
    PFX_RING_MAX_CAPACITY,
    PFX_RING_MIN_CAPACITY,
    pfx_arena_attach,
    pfx_arena_cancel,
    pfx_arena_cancelled,
    pfx_arena_create,
    pfx_arena_event,
    pfx_arena_spec,
    pfx_channel_spec,
    pfx_pool_spec,
)
from pyflinkx._core.pfx.segment cimport PFX_SEGMENT_MAX_SIZE, PFX_SEGMENT_MIN_SIZE
from pyflinkx._core.pfx.status cimport PFX_CORRUPT, PFX_OVER_BUDGET, pfx_status
from pyflinkx._core.exchange.event cimport shared_event
from pyflinkx._core.memory.budget cimport MemoryBudget, default_budget
from pyflinkx._core.status cimport check

from pyflinkx._core.exchange.channel import Reader, Writer  # no-cython-lint
from pyflinkx._core.exchange.event import Event  # no-cython-lint
from pyflinkx.errors import ConfigurationError, CorruptDataError, MemoryBudgetError, WrongStateError

__all__ = ("SUPPORTED", "Arena", "Event", "Reader", "Writer")

#: Whether processes can share memory on this platform (64-bit Linux).
SUPPORTED = bool(PFX_ARENAS)


@cython.final
@cython.no_gc
cdef class Arena:
    """Memory that the processes of a job share: events, and channels with the pools of segments that feed them.

    It is made once (``create``), and the other processes map it too (``attach``), with the file descriptor that they
    inherit or are sent. Nothing in it grows. It goes when the last process closes it or ends.

    Events, writers and readers keep the mapping: ``close`` refuses new ones, and unmaps with the last of them.

    Example:
        >>> arena = Arena.create(events=2, pools=[(4, 0)], channels=[(0, 0, 1)])
        >>> arena.writer(0, [0]).write([b"some ", b"bytes"])
        0
        >>> bytes(arena.reader(0).get())
        b'some bytes'
        >>> arena.close()
    """

    def __init__(self):
        raise TypeError("an arena is made by Arena.create or Arena.attach")

    @staticmethod
    def create(events, pools, channels, segment_size=32768, ring_capacity=128, credit=None, MemoryBudget budget=None):
        """Make an arena.

        Args:
            events: how many, one per task.
            pools: ``(segments, event)`` per producing task: how many segments it writes to, and its event.
            channels: ``(pool, producer, consumer)`` per pair of tasks: whose pool feeds it, and the two tasks' events.
            segment_size: bytes of a segment (``taskmanager.memory.segment-size``): a power of two, at least 4096 and at
                most 2**30.
            ring_capacity: segments and control elements that a channel holds; rounded up to a power of two.
            credit: bytes that a channel holds until its reader says otherwise; None for its share of its pool.
            budget: what all of the memory is charged to; the budget of the process by default. The system commits a
                page of it when it is first touched.

        Raises:
            ConfigurationError: this platform has no arenas, or the segment size is out of its range.
            ValueError: a number is out of its range, or an event or a pool does not exist.
            MemoryBudgetError: the budget has not that much left.
            OSError: the system refuses the memory.
        """
        if not SUPPORTED:
            raise ConfigurationError("processes can share memory on 64-bit Linux only; run the job in one process")
        cdef Mapping mapping = Mapping.__new__(Mapping)
        cdef MemoryBudget charged = default_budget if budget is None else budget
        cdef pfx_arena_spec spec
        cdef pfx_status status
        pools = list(pools)
        channels = list(channels)
        segment_size = PyNumber_Index(segment_size)
        if not PFX_SEGMENT_MIN_SIZE <= segment_size <= PFX_SEGMENT_MAX_SIZE or segment_size & (segment_size - 1):
            raise ConfigurationError(
                f"a memory segment has a power of two of bytes, from {PFX_SEGMENT_MIN_SIZE} to {PFX_SEGMENT_MAX_SIZE}: "
                f"{segment_size} (taskmanager.memory.segment-size)"
            )
        capacity = number("the capacity of a ring", ring_capacity, 1, PFX_RING_MAX_CAPACITY)
        spec.events = number("how many events there are", events, 1, PFX_ARENA_MAX_OBJECTS)
        spec.pools = number("how many pools there are", len(pools), 0, PFX_ARENA_MAX_OBJECTS)
        spec.channels = number("how many channels there are", len(channels), 0, PFX_ARENA_MAX_OBJECTS)
        spec.segment_size = segment_size
        spec.ring_capacity = max(PFX_RING_MIN_CAPACITY, 1 << (capacity - 1).bit_length())
        spec.credit = -1 if credit is None else number("the credit of a channel", credit, 0, INT64_MAX)
        cdef pfx_pool_spec *pool_specs = NULL
        cdef pfx_channel_spec *channel_specs = NULL
        cdef Py_ssize_t i
        try:
            pool_specs = <pfx_pool_spec *> PyMem_Malloc(max(len(pools), 1) * sizeof(pfx_pool_spec))
            channel_specs = <pfx_channel_spec *> PyMem_Malloc(max(len(channels), 1) * sizeof(pfx_channel_spec))
            if pool_specs == NULL or channel_specs == NULL:
                raise MemoryError
            for i in range(spec.pools):
                segments, event = pools[i]
                pool_specs[i].segments = number(f"pool {i}: segments", segments, 1, PFX_ARENA_MAX_SEGMENTS - 1)
                pool_specs[i].event = number(f"pool {i}: its event", event, 0, spec.events - 1)
            for i in range(spec.channels):
                pool, producer, consumer = channels[i]
                channel_specs[i].pool = number(f"channel {i}: its pool", pool, 0, spec.pools - 1)
                channel_specs[i].producer = number(f"channel {i}: its producer's event", producer, 0, spec.events - 1)
                channel_specs[i].consumer = number(f"channel {i}: its consumer's event", consumer, 0, spec.events - 1)
                if channel_specs[i].producer != pool_specs[channel_specs[i].pool].event:
                    raise ValueError(f"channel {i}: its producer's event is {producer}, that of pool {pool} is another")
            spec.pool = pool_specs
            spec.channel = channel_specs
            status = pfx_arena_create(&mapping.arena, &spec, &charged.budget)
        finally:
            PyMem_Free(pool_specs)
            PyMem_Free(channel_specs)
        if status == PFX_OVER_BUDGET:
            raise MemoryBudgetError(f"the memory for {spec.channels} channels does not fit what is left of {charged}")
        check(status)
        return new_arena(mapping, charged)

    @staticmethod
    def attach(int fd):
        """Map the arena behind a file descriptor, which stays the caller's (the arena has a duplicate).

        Raises:
            CorruptDataError: that is no arena, or a damaged one.
            ConfigurationError: this platform has no arenas.
            OSError: the descriptor is not open, or the system refuses.
        """
        if not SUPPORTED:
            raise ConfigurationError("processes can share memory on 64-bit Linux only; run the job in one process")
        cdef Mapping mapping = Mapping.__new__(Mapping)
        cdef pfx_status status = pfx_arena_attach(&mapping.arena, fd, &default_budget.budget)
        if status == PFX_CORRUPT:
            raise CorruptDataError(f"file descriptor {fd} is no arena, or a damaged one")
        check(status)
        return new_arena(mapping, default_budget)

    @property
    def fd(self):
        """The file descriptor of the memory, for other processes to attach to. It is the arena's, and close-on-exec."""
        return self.open_mapping().arena.fd

    @property
    def nbytes(self):
        """Bytes of the mapping."""
        return self.open_mapping().arena.nbytes

    @property
    def segment_size(self):
        """Bytes of a segment."""
        return self.open_mapping().arena.segment_size

    @property
    def cancelled(self):
        """Whether any process has cancelled the arena."""
        return bool(pfx_arena_cancelled(&self.open_mapping().arena))

    def cancel(self):
        """Close all channels for good, in all processes: writes and reads raise also those that
        wait already, and every event is signalled."""
        pfx_arena_cancel(&self.open_mapping().arena)

    def event(self, index):
        """The event of that index.

        Raises:
            IndexError: there is none.
        """
        cdef Mapping mapping = self.open_mapping()
        index = PyNumber_Index(index)
        if not 0 <= index < mapping.arena.event_count:
            raise IndexError(f"event {index} of {mapping.arena.event_count}")
        return shared_event(pfx_arena_event(&mapping.arena, index), mapping)

    def writer(self, pool, channels):
        """What the task of that pool writes with.

        Several writers may share a pool and its channels (one per channel, and one for all), in one thread. Whatever a
        writer of several channels sends goes to all of them, and its bytes are written once.

        Args:
            pool: index of the pool.
            channels: indices of the channels, all of that pool, each once.

        Raises:
            IndexError: there is no such pool or channel.
            ValueError: no channels, one twice, or one of another pool.
        """
        cdef Mapping mapping = self.open_mapping()
        pool = PyNumber_Index(pool)
        if not 0 <= pool < mapping.arena.pool_count:
            raise IndexError(f"pool {pool} of {mapping.arena.pool_count}")
        return new_writer(mapping, pool, list(channels))

    def reader(self, channel, max_frame=2**31, MemoryBudget budget=None):
        """What the consuming task reads a channel with.

        Args:
            channel: index of the channel.
            max_frame: bytes of the longest frame that is not taken for damage.
            budget: what frames are charged to; the budget of the process by default.

        Raises:
            IndexError: there is no such channel.
        """
        return new_reader(self.open_mapping(), channel, max_frame, budget)

    def close(self):
        """Refuse new events, writers and readers; the memory is unmapped when the last of those made before is gone."""
        self.mapping = None

    cdef Mapping open_mapping(self):
        if self.mapping is None:
            raise WrongStateError("the arena is closed")
        return self.mapping

    def __repr__(self):
        cdef Mapping mapping = self.mapping
        if mapping is None:
            return "Arena(closed)"
        return (
            f"Arena({mapping.arena.event_count} events, {mapping.arena.pool_count} pools, "
            f"{mapping.arena.channel_count} channels, {mapping.arena.nbytes} bytes{', cancelled' * self.cancelled})"
        )


cdef Arena new_arena(Mapping mapping, MemoryBudget budget):
    cdef Arena result = Arena.__new__(Arena)
    mapping.budget = budget
    result.mapping = mapping
    return result

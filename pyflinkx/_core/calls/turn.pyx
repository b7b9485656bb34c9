"""How long a task works before it looks at its mails and timers again."""
cimport cython
from libc.stdint cimport INT64_MAX

from pyflinkx._core.pfx.monitor cimport pfx_monotonic_ns
from pyflinkx._core.pfx.ticker cimport pfx_ticker_now, pfx_ticker_shared, pfx_ticker_want


@cython.final
cdef class Turn:
    """A task's turn at its operators: loops over records stop behind the record at which it is over.

    The operators of a task share one. It begins anew with every step of the task. Once over, it stays so: what is
    called then does one record, so that there is progress, and leaves the rest for the next turn.

    Args:
        length: nanoseconds; 0 for one record, a negative number for no end.

    Attributes:
        held: how many operators hold the rest of a batch.
        under_way: how much operators have left for later: batches and firings.
        input_open: whether more records follow of the batch that is on its way through the task.
        waiting: operators to be told by ``end_batch()`` when all of a batch has gone through.
    """

    def __init__(self, length=-1):
        self.ticker = pfx_ticker_shared()
        self.length = length
        # Who is blind looks at the clock every time.
        self.blind = length == 0
        self.deadline = 0 if length == 0 else INT64_MAX
        self.seen = pfx_ticker_now(self.ticker) - self.blind
        self.held = self.under_way = 0
        self.input_open = False
        self.waiting = []

    def begin(self):
        """A new turn; returns what time it is (ns of a clock that is never set back)."""
        cdef int64_t now = pfx_monotonic_ns()
        if self.length > 0:
            self.blind = not pfx_ticker_want(self.ticker)
            self.seen = pfx_ticker_now(self.ticker) - self.blind
            self.deadline = now + self.length
        return now

    cdef bint look(self) noexcept:
        """Look at the clock."""
        cdef uint32_t seen = pfx_ticker_now(self.ticker)
        if self.deadline == 0 or (self.deadline != INT64_MAX and pfx_monotonic_ns() >= self.deadline):
            return True
        self.seen = seen - self.blind
        return False

    def over(self):
        """Whether the time is up."""
        return self.is_over()

    @property
    def open(self):
        """Whether more follows of the batch that is on its way."""
        return self.input_open or self.held > 0

    def tell_at_end(self, operator):
        """Have ``operator.end_batch()`` called when all of the batch that is on its way has gone through."""
        if operator not in self.waiting:
            self.waiting.append(operator)

    def end_batch(self):
        """All of a batch has gone through: tell whoever waits for that."""
        waiting, self.waiting[:] = self.waiting[:], []
        for operator in waiting:
            operator.end_batch()


ENDLESS = Turn()

"""An iterator over records that come in lists."""
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE


cdef class DrainedRecords:
    """Hands out the records of one list after the other; a subclass says in ``_more`` which comes next.

    What was handed out is no longer held here.

    Example:
        >>> class Two(DrainedRecords):
        ...     def __init__(self):
        ...         self.lists = [[1, 2], [], [3]]
        ...     def _more(self):
        ...         if not self.lists:
        ...             raise StopIteration
        ...         return self.lists.pop(0)
        >>> list(Two())
        [1, 2, 3]
    """
    cdef list records
    cdef Py_ssize_t following

    def __cinit__(self, *arguments, **options):
        self.records = []
        self.following = 0

    def __iter__(self):
        return self

    def __next__(self):
        cdef object record
        while self.following >= PyList_GET_SIZE(self.records):
            # Before the call, in which a program may come back here.
            self.records, self.following = [], 0
            more = self._more()
            if isinstance(more, BaseException):
                raise more
            self.records = more
        record = <object> PyList_GET_ITEM(self.records, self.following)
        self.records[self.following] = None
        self.following += 1
        return record

    def _more(self):
        """The next list of records, which is this object's from now on; StopIteration at the end.

        An exception that it returns is raised, without frames of the subclass.
        """
        raise StopIteration

    def _forget(self):
        """Drop the records of the list at hand."""
        self.records, self.following = [], 0

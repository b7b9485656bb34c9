# What CPython offers to C, and Cython's own declarations leave out.
from cpython.ref cimport PyObject


cdef extern from "Python.h":
    # Cython's own declaration raises; here the caller looks at PyErr_Occurred().
    PyObject *PyDict_GetItemWithError(object table, object key) noexcept
    bint PyUnicode_IS_ASCII(object text) noexcept
    # Of bytes that nobody else has; NULL after a failure.
    int _PyBytes_Resize(PyObject **data, Py_ssize_t size) except -1


cdef extern from *:
    """
    extern PyObject *_PyDict_GetItem_KnownHash(PyObject *, PyObject *, Py_hash_t);
    extern int _PyDict_SetItem_KnownHash(PyObject *, PyObject *, PyObject *, Py_hash_t);
    extern int _PyDict_DelItem_KnownHash(PyObject *, PyObject *, Py_hash_t);
    """
    PyObject *_PyDict_GetItem_KnownHash(object table, object key, Py_hash_t hash) except? NULL
    int _PyDict_SetItem_KnownHash(object table, object key, object value, Py_hash_t hash) except -1
    int _PyDict_DelItem_KnownHash(object table, object key, Py_hash_t hash) except -1


cdef extern from "Python.h":
    void PyObject_GC_Track(object value)
    void PyObject_GC_UnTrack(object value)
    bint PyObject_GC_IsTracked(object value) noexcept
    int PyGC_Disable()
    int PyGC_Enable()


cdef extern from "Python.h":
    bint PyAnySet_CheckExact(object value) noexcept
    bint PyFrozenSet_CheckExact(object value) noexcept
    bint PyByteArray_CheckExact(object value) noexcept
    bint PyDict_CheckExact(object value) noexcept


cdef extern from *:
    """
    /* References that an object has; so many that it counts as shared where the count says nothing. */
    static inline Py_ssize_t pfx_references(PyObject *object) {
    #ifdef Py_GIL_DISABLED
        (void) object;
        return PY_SSIZE_T_MAX;
    #else
        return Py_REFCNT(object);
    #endif
    }

    typedef int (*pfx_visit)(PyObject *referent, void *argument);

    /* Whether a weak reference leads to the object. */
    static inline int pfx_is_weakly_held(PyObject *object) {
        Py_ssize_t offset = Py_TYPE(object)->tp_weaklistoffset;
        return offset != 0 && *(PyObject **) ((char *) object + offset) != NULL;
    }

    /* -1 with RecursionError where calls are nested too deep; else pfx_leave is to be called. */
    static inline int pfx_enter(void) {
        return Py_EnterRecursiveCall(" while a record is copied") ? -1 : 0;
    }

    static inline void pfx_leave(void) {
        Py_LeaveRecursiveCall();
    }

    /* Calls visit for all that the object refers to, until it returns something else than 0, which is returned. */
    static inline int pfx_traverse(PyObject *object, pfx_visit visit, void *argument) {
        traverseproc traverse = Py_TYPE(object)->tp_traverse;
        if (traverse == NULL || !PyObject_IS_GC(object)) {
            return 1;
        }
        return traverse(object, (visitproc) visit, argument);
    }
    """
    Py_ssize_t references "pfx_references"(object value) noexcept
    ctypedef int (*pfx_visit)(PyObject *referent, void *argument) noexcept
    int pfx_enter() except -1
    void pfx_leave() noexcept
    bint pfx_is_weakly_held(PyObject *object) noexcept
    int pfx_traverse(PyObject *object, pfx_visit visit, void *argument) noexcept


cdef extern from *:
    """
    typedef int (*pfx_visit_entries)(PyObject *object, pfx_visit visit, void *argument);
    typedef int (*pfx_clear_entries)(PyObject *object);

    static traverseproc pfx_own_traverse;
    static inquiry pfx_own_clear;
    static pfx_visit_entries pfx_visit_also;
    static pfx_clear_entries pfx_clear_also;

    static int pfx_traverse_all(PyObject *object, visitproc visit, void *argument) {
        int result = pfx_own_traverse(object, visit, argument);
        return result ? result : pfx_visit_also(object, (pfx_visit) visit, argument);
    }

    static int pfx_clear_all(PyObject *object) {
        pfx_clear_also(object);
        return pfx_own_clear(object);
    }

    /* Have the garbage collector see what a class holds beside its attributes; once for each module. */
    static inline void pfx_traverse_also(PyObject *type, pfx_visit_entries visit, pfx_clear_entries clear) {
        PyTypeObject *cls = (PyTypeObject *) type;
        pfx_visit_also = visit;
        pfx_clear_also = clear;
        pfx_own_traverse = cls->tp_traverse;
        pfx_own_clear = cls->tp_clear;
        cls->tp_traverse = pfx_traverse_all;
        cls->tp_clear = pfx_clear_all;
    }

    /* Whether the garbage collector has to know that something holds the object. */
    static inline int pfx_may_link(PyObject *object) {
        return PyObject_IS_GC(object);
    }
    """
    ctypedef int (*pfx_visit_entries)(PyObject *object, pfx_visit visit, void *argument) noexcept
    ctypedef int (*pfx_clear_entries)(PyObject *object) noexcept
    void pfx_traverse_also(object type, pfx_visit_entries visit, pfx_clear_entries clear)
    bint pfx_may_link(object value) noexcept

cdef extern from "pfx/java_number.h" nogil:
    int pfx_double_java(double value, char *to)
    int pfx_float_java(float value, char *to)

/* Status codes: every fallible pfx_ function returns one, results travel through out-pointers.
 *
 * On anything but PFX_OK the out-pointers are untouched unless a function's comment says otherwise. */
#ifndef PFX_STATUS_H
#define PFX_STATUS_H

typedef enum pfx_status {
    PFX_OK = 0,
    PFX_NO_MEMORY = 1,        /* the system refused an allocation */
    PFX_OVER_BUDGET = 2,      /* the allocation would exceed its pfx_budget */
    PFX_OUT_OF_RANGE = 3,     /* an index or offset lies outside its object */
    PFX_OVERFLOW = 4,         /* a number does not fit its type */
    PFX_CORRUPT = 5,          /* bytes to decode are not what an encoder wrote */
    PFX_INVALID_UTF8 = 6,     /* bytes declared as text are not UTF-8 */
    PFX_INVALID_ARGUMENT = 7, /* a caller's argument is not acceptable */
    PFX_WRONG_STATE = 8,      /* the object cannot do this now (released, closed, viewed) */
    PFX_TIMEOUT = 9,          /* what was waited for did not come in time */
    PFX_TRUNCATED = 10,       /* bytes to decode end before the value does */
    PFX_CLOSED = 11,          /* the channel's job was cancelled */
    PFX_SYSTEM = 12           /* the system refused a call; errno says why */
} pfx_status;

/* A constant English phrase for a status; never NULL. */
const char *pfx_status_text(pfx_status status);

/* Return from the calling function with the status of `expr` unless it is PFX_OK. */
#define PFX_TRY(expr)                       \
    do {                                    \
        pfx_status pfx_try_status = (expr); \
        if (pfx_try_status != PFX_OK) {     \
            return pfx_try_status;          \
        }                                   \
    } while (0)

#endif

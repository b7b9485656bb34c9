#include "pfx/status.h"

const char *pfx_status_text(pfx_status status) {
    switch (status) {
    case PFX_OK:
        return "ok";
    case PFX_NO_MEMORY:
        return "out of memory";
    case PFX_OVER_BUDGET:
        return "memory budget exhausted";
    case PFX_OUT_OF_RANGE:
        return "index out of range";
    case PFX_OVERFLOW:
        return "number out of range";
    case PFX_CORRUPT:
        return "corrupt data";
    case PFX_INVALID_UTF8:
        return "invalid UTF-8";
    case PFX_INVALID_ARGUMENT:
        return "invalid argument";
    case PFX_WRONG_STATE:
        return "object is in the wrong state for this call";
    case PFX_TIMEOUT:
        return "timed out";
    case PFX_TRUNCATED:
        return "the bytes end too early";
    case PFX_CLOSED:
        return "the channel is closed";
    case PFX_SYSTEM:
        return "the system refused a call";
    }
    return "unknown status";
}

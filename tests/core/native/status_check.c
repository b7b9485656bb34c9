/* Every status has a phrase of its own; run by test_status.py. */
#include <stdio.h>
#include <string.h>

#include "pfx/status.h"

int main(void) {
    for (int code = PFX_OK; code <= PFX_SYSTEM; code++) {
        for (int other = code + 1; other <= PFX_SYSTEM + 1; other++) {
            if (strcmp(pfx_status_text((pfx_status)code), pfx_status_text((pfx_status)other)) == 0) {
                fprintf(stderr, "statuses %d and %d share '%s'\n", code, other, pfx_status_text((pfx_status)code));
                return 1;
            }
        }
    }
    return strcmp(pfx_status_text((pfx_status)-1), "unknown status") != 0;
}

/* Prints, for each line that it reads, the double and the whole number that pfx/number.h finds in it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pfx/number.h"

int main(void) {
    static char line[1 << 16];
    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t length = strcspn(line, "\n");
        char *text = malloc(length + 1); /* of just that size, so that reading on is noticed */
        double real = 0;
        int64_t whole = 0;
        memcpy(text, line, length);
        text = realloc(text, length > 0 ? length : 1);
        pfx_status status = pfx_double_parse(text, (int64_t)length, &real);
        printf(status == PFX_OK ? "%a " : "none ", real);
        status = pfx_int64_parse(text, (int64_t)length, &whole);
        if (status == PFX_OK) {
            printf("%" PRId64 "\n", whole);
        } else {
            puts(status == PFX_OVERFLOW ? "overflow" : "none");
        }
        free(text);
    }
    return 0;
}

/* Prints the text of each double whose bits it reads, and of the same bits as a whole number; see pfx/number_text.h. */
#include <stdio.h>
#include <string.h>

#include "pfx/number_text.h"

int main(void) {
    uint64_t bits;
    while (fread(&bits, sizeof bits, 1, stdin) == 1) {
        char text[PFX_DOUBLE_TEXT];
        double value;
        memcpy(&value, &bits, sizeof value);
        printf("%.*s ", pfx_double_repr(value, text), text);
        printf("%.*s\n", pfx_signed_text((int64_t)bits, text), text);
    }
    return 0;
}

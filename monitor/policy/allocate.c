#include "allocate.h"

#include <stdio.h>
#include <stdlib.h>

void *sw_allocate(size_t count, size_t bytes)
{
    void *memory = calloc(count > 0 ? count : 1, bytes);
    if (memory == NULL) {
        (void)fprintf(stderr, "sharewatch: no memory for the rules (%zu bytes asked for)\n",
                      count * bytes);
        exit(EXIT_FAILURE);
    }
    return memory;
}

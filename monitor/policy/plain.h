/**
 * The fast way through a line whose quotes are known: what events usually look like.
 */
#ifndef SHAREWATCH_PLAIN_H
#define SHAREWATCH_PLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "scan.h"

/**
 * Reads the line of @length bytes in `quotes` of @scanner into its matcher. False: it is not JSON
 * or has something that is left to the slow way, which then starts anew: white space other than one
 * space behind a comma or colon, a key twice, a dotted name as one key, an object or an array in an
 * array, or many objects in one another.
 */
bool sw_scan_plain(struct sw_scanner *scanner, uint32_t length);

#endif

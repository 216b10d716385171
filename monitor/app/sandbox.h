/**
 * Takes from a process what it does not need, for good.
 */
#ifndef SHAREWATCH_SANDBOX_H
#define SHAREWATCH_SANDBOX_H

#include <stdbool.h>

/** Closes all descriptors above @last, forbids core files and looking into the process, and rights
 *  that a program could bring. */
void sw_sandbox_begin(int last);

/** From now on the process can do nothing but compute, talk over sockets that it has, write into
 *  files that it has open, and end. False: this kernel offers no such filter. */
bool sw_sandbox_close(void);

#endif

/**
 * Where the files are that come with the program: maps, policy packs, scenarios.
 */
#ifndef SHAREWATCH_DATA_H
#define SHAREWATCH_DATA_H

#include <sharewatch/status.h>

#define SW_PATH_BYTES 1024 // a path and its NUL

/**
 * Writes the path of @name ("maps/los-angeles.yaml") below the data folder into @path. The folder
 * is $SHAREWATCH_DATA; else share/sharewatch beside the program's bin, where an installation has
 * it, wherever that was put; else the source tree that the program was built from. SW_NOT_FOUND:
 * there is no such file, @path says where it was looked for; SW_TOO_LONG: over SW_PATH_BYTES, @path
 * is empty.
 */
enum sw_status sw_data_path(const char *name, char path[SW_PATH_BYTES]) SW_MUST_CHECK;

#endif

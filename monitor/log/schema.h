/** The text of schema.sql, put into the program when it is built. */
#ifndef SHAREWATCH_SCHEMA_H
#define SHAREWATCH_SCHEMA_H

extern const unsigned char sw_log_schema[]; // NUL-terminated

#endif

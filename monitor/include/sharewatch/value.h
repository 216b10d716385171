/**
 * A value of an event's field, as the decoder makes it and the rules see it.
 */
#ifndef SHAREWATCH_VALUE_H
#define SHAREWATCH_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/text.h>

enum sw_value_type {
    SW_VALUE_MISSING, // the field is not in the event; 0, so that zeroed memory is an empty event
    SW_VALUE_NULL,    // the field is there and is null
    SW_VALUE_BOOL,
    SW_VALUE_INTEGER,
    SW_VALUE_REAL,
    SW_VALUE_TEXT,
    SW_VALUE_LIST,
};

struct sw_value {
    uint8_t type;   // enum sw_value_type
    uint16_t code;  // of an enumerated field: its value in taxonomy_table.h, else 0
    uint32_t count; // of a list: its items
    union {
        bool boolean;
        int64_t integer;
        double real;
        struct sw_text text;
        const struct sw_value *items; // [count], none of them a list
    };
};

#endif

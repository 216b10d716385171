#include <sharewatch/status.h>

const char *sw_status_text(enum sw_status status)
{
    switch (status) {
#define SW_STATUS_CASE(name, text)                                                                 \
    case name:                                                                                     \
        return text;
        SW_STATUS_LIST(SW_STATUS_CASE)
#undef SW_STATUS_CASE
    }
    return "unknown status";
}

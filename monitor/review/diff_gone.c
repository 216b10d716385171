/*
 * Events whose payload was deleted on purpose can be judged on neither side. The chains that they
 * belong to would be compared without a part of them: these are left out and counted instead. Where
 * a map switches edges off, what comes after in such a chain hangs on that part, and is left out
 * too.
 */
#include "diff_kept.h"

#include <string.h>

#include <sqlite3.h>

#include "database.h"

enum sw_status sw_diff_open_gone(struct sw_diff *diff)
{
    sqlite3_stmt *statement = diff->sides[0].logged.statements[SW_LOGGED_GONE_CHAINS];
    char key[SW_CHAIN_KEY_MAX];
    int code = SQLITE_ROW;
    (void)sqlite3_bind_int64(statement, 1, diff->until);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        sw_database_copy(statement, 0, key, sizeof(key));
        (void)sw_diff_chain_of(&diff->partial, key);
        diff->partial_total += sqlite3_column_int(statement, 1) != 0 ? 1 : 0;
    }
    (void)sqlite3_reset(statement);
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        diff->switches_off =
            diff->switches_off || sw_map_switches_off(&diff->sides[i].knowledge.map);
    }
    return code == SQLITE_DONE ? SW_OK : SW_DATABASE;
}

bool sw_diff_is_partial(const struct sw_diff *diff, const char *key)
{
    return sw_diff_find_chain(&diff->partial, sw_text_from(key)) != NULL;
}

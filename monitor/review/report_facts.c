/*
 * What was sent stands in the payload of each event; what was learned later, in the payload of a
 * correction. Both are laid over each other once, in a temporary table, so that every table of
 * every report asks the same facts. The log itself is opened for reading only.
 */
#include "report.h"

#include <string.h>

#include <sqlite3.h>

#include "database.h"
#include "reason.h"

/* Payloads that retention deleted are empty; all others were read as JSON before they were stored.
 */
#define CORRECTS(payload)                                                                          \
    "(CASE WHEN instr(" payload ", '\"swcorrects\"') > 0 AND json_valid(" payload ") THEN"         \
    " coalesce(" payload " ->> '$.swcorrects', 0) ELSE 0 END)"

/* Reads of plates are many and no table asks for one; corrections are facts of other events. */
static const char made_sql[] =
    "CREATE TEMP TABLE raw AS SELECT id, source_id, kind, action, ts_event AS ts, synthetic,"
    " CASE WHEN json_valid(payload) THEN payload ->> '$.data' END AS data FROM main.event WHERE "
    "ts_event >= ?1 AND ts_event < ?2"
    " AND NOT (kind = 'plate' AND action = 'read')"
    " AND NOT " CORRECTS("payload");

/* As the monitor finds the parent: of the same source or, if that has none, the newest of any. */
static const char corrections_sql[] =
    "SELECT coalesce((SELECT id FROM main.event AS p WHERE p.source_id = c.source_id"
    " AND p.event_id = c.payload ->> '$.swparent'), (SELECT max(id) FROM main.event AS p"
    " WHERE p.source_id IN (SELECT id FROM source)"
    " AND p.event_id = c.payload ->> '$.swparent')), c.payload ->> '$.data'"
    " FROM main.event AS c WHERE " CORRECTS("c.payload") " ORDER BY c.id";

#define FIELD(name) "data ->> '$." name "'"

// One line a column.
// clang-format off
static const char fact_sql[] =
    "CREATE TEMP TABLE fact AS SELECT "
    "raw.id, kind, action, ts, raw.synthetic, "
    "strftime('%Y-%m', ts / 1000, 'unixepoch') AS month, "
    "coalesce((SELECT name FROM source WHERE source.id = source_id), '') LIKE '%:import-audit'"
    " AS imported, "
    FIELD("actor.agency") " AS actor, "
    "coalesce(" FIELD("actor.class") ", agency_class(" FIELD("actor.agency") "), '')"
    " AS actor_class, "
    FIELD("actor.role") " AS role, "
    FIELD("actor.role_tok") " AS role_tok, "
    FIELD("recipient.agency") " AS recipient, "
    "coalesce(" FIELD("recipient.class") ", agency_class(" FIELD("recipient.agency") "), '')"
    " AS recipient_class, "
    FIELD("data_class") " AS data_class, "
    FIELD("purpose_code") " AS purpose, "
    FIELD("reason") " AS reason, "
    "reason_class(" FIELD("reason") ") AS names, "
    "reason_quality(" FIELD("reason") ") AS quality, "
    FIELD("case_tok") " AS case_tok, "
    FIELD("vehicle_tok") " AS vehicle, "
    FIELD("subject_tok") " AS subject, "
    "coalesce(" FIELD("instrument") ", '') AS instrument, "
    FIELD("outcome") " AS outcome, "
    FIELD("conviction_basis") " AS conviction, "
    FIELD("magistrate_872") " AS magistrate, "
    FIELD("charge_offence") " AS offence, "
    FIELD("civil_warrant") " AS civil, "
    FIELD("joint_operation") " AS joint, "
    FIELD("taskforce_id") " AS taskforce, "
    FIELD("tf_primary_purpose") " AS tf_purpose, "
    FIELD("tf_other_crimes") " AS tf_other, "
    FIELD("share_scope") " AS scope, "
    FIELD("enabled") " AS enabled, "
    "hop.edge, "
    "coalesce(hop.verdict, 'NONE') AS verdict, "
    "coalesce(hop.level, 0) AS level, "
    "hop.id AS hop, "
    "data IS NULL AS gone "
    "FROM raw LEFT JOIN main.hop AS hop ON hop.event = raw.id AND hop.revision ="
    " (SELECT max(revision) FROM main.hop AS newer WHERE newer.event = raw.id)";
// clang-format on

static const char agency_sql[] = // what an agency owes is asked by name in some reports
    "CREATE INDEX temp.fact_kind ON fact (kind, action); CREATE INDEX temp.fact_subject"
    " ON fact (subject) WHERE subject IS NOT NULL; DROP TABLE raw;";

static void say_enum(sqlite3_context *context, enum sw_field field, uint16_t code)
{
    const struct sw_enum_info *names = sw_field_info(field)->values;
    sqlite3_result_text(context, code <= names->value_count ? names->values[code] : "", -1,
                        SQLITE_STATIC);
}

static struct sw_text argument(sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);
    return (struct sw_text){text, text == NULL ? 0 : (uint32_t)sqlite3_value_bytes(value)};
}

static void reason_class(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    say_enum(context, SW_FIELD_PURPOSE_TEXT_CLASS, sw_reason_class(argument(values[0])));
}

static void reason_quality(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    say_enum(context, SW_FIELD_REASON_QUALITY, sw_reason_quality(argument(values[0])));
}

/* What an agency is in law, as the map has it; NULL when that does not know it. */
static void agency_class(sqlite3_context *context, int count, sqlite3_value **values)
{
    const struct sw_account *account = sqlite3_user_data(context);
    (void)count;
    struct sw_text name = argument(values[0]);
    if (account->has_map && name.length > 0) {
        uint16_t agency = sw_map_agency(&account->map, name);
        if (agency != SW_NONE && account->map.agencies[agency].class_code != 0) {
            say_enum(context, SW_FIELD_ACTOR_CLASS, account->map.agencies[agency].class_code);
        }
    }
}

static bool add_functions(struct sw_account *account)
{
    sqlite3 *database = account->reader.database;
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    return sqlite3_create_function(database, "reason_class", 1, flags, NULL, reason_class, NULL,
                                   NULL) == SQLITE_OK &&
           sqlite3_create_function(database, "reason_quality", 1, flags, NULL, reason_quality, NULL,
                                   NULL) == SQLITE_OK &&
           sqlite3_create_function(database, "agency_class", 1, flags, account, agency_class, NULL,
                                   NULL) == SQLITE_OK;
}

/* Lays each correction over what it corrects, in the order in which they came. */
static bool apply_corrections(sqlite3 *database)
{
    sqlite3_stmt *from = NULL;
    sqlite3_stmt *to = NULL;
    bool done = sqlite3_exec(database, "CREATE INDEX temp.raw_id ON raw (id)", NULL, NULL, NULL) ==
                    SQLITE_OK &&
                sqlite3_prepare_v2(database, corrections_sql, -1, &from, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(database,
                                   "UPDATE temp.raw SET data = json_patch(data, ?2) WHERE id = ?1",
                                   -1, &to, NULL) == SQLITE_OK;
    int code = SQLITE_DONE;
    while (done && (code = sqlite3_step(from)) == SQLITE_ROW) {
        (void)sqlite3_bind_value(to, 1, sqlite3_column_value(from, 0));
        (void)sqlite3_bind_value(to, 2, sqlite3_column_value(from, 1));
        done = sqlite3_column_type(from, 1) == SQLITE_NULL || sqlite3_step(to) == SQLITE_DONE;
        (void)sqlite3_reset(to);
    }
    (void)sqlite3_finalize(from);
    (void)sqlite3_finalize(to);
    return done && code == SQLITE_DONE;
}

static bool make_raw(struct sw_account *account)
{
    sqlite3_stmt *statement = NULL;
    bool done =
        sqlite3_prepare_v2(account->reader.database, made_sql, -1, &statement, NULL) == SQLITE_OK;
    if (done) {
        (void)sqlite3_bind_int64(statement, 1, account->from_ms);
        (void)sqlite3_bind_int64(statement, 2, account->to_ms);
        done = sqlite3_step(statement) == SQLITE_DONE;
    }
    (void)sqlite3_finalize(statement);
    return done;
}

enum sw_status sw_account_facts(struct sw_account *account)
{
    sqlite3 *database = account->reader.database;
    bool done = add_functions(account) && make_raw(account) && apply_corrections(database) &&
                sqlite3_exec(database, fact_sql, NULL, NULL, NULL) == SQLITE_OK &&
                sqlite3_exec(database, agency_sql, NULL, NULL, NULL) == SQLITE_OK;
    if (!done) {
        sw_database_explain(database, sqlite3_db_filename(database, "main"), "reading",
                            account->reader.sentence);
    }
    return done ? SW_OK : SW_DATABASE;
}

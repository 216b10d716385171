/*
 * The city's own: Ordinance 188441 (in force since 9 December 2024), of which a serious-felony
 * exception is to be reported, and Executive Directives 12 (July 2025: liaisons report federal
 * activity) and 17 (February 2026: monthly reports of the police).
 */
#include "report.h"
#include "report_tables.h"

#define COUNT(tables) ((uint32_t)(sizeof(tables) / sizeof((tables)[0])))

#define ORDINANCE_RULE "rule.cite LIKE '%Ordinance 188441%'"

static const struct sw_account_table ordinance_tables[] = {
    {
        .name = "rules",
        .heading = "What the rules of the ordinance found",
        .counts = "Each number counts findings: what one rule says of one event, by the newest "
                  "judgement. Two rules can speak of one event. Cannot be assessed: a fact that "
                  "the rule needs is missing, or the text leaves it to a person.",
        .source = "LA Ordinance 188441",
        .label = "rule",
        .columns = {"prohibited", "allowed or recorded", "needs review: cannot be assessed"},
        .sql = "SELECT DISTINCT rule.title, 0, 0 FROM rule WHERE " ORDINANCE_RULE " UNION ALL"
               " SELECT rule.title, CASE finding.verdict WHEN 'PROH' THEN 0 WHEN 'REVIEW' THEN 2"
               " ELSE 1 END, count(*) FROM fact JOIN finding ON finding.hop = fact.hop"
               " JOIN rule USING (policy_id, rule) WHERE " ORDINANCE_RULE " GROUP BY 1, 2",
        .fixed = true,
    },
    {
        .name = "sent",
        .heading = "What city staff gave to federal immigration agents",
        .counts = "Each number counts events in which city staff gave data, access or a person to "
                  "a federal immigration agency, as all rules in force judged them. It is what the "
                  "findings above are a part of.",
        .source = "LA Ordinance 188441; Gov. Code 7284.6",
        .label = "what",
        .columns = SW_VERDICT_COLUMNS,
        .sql = "SELECT coalesce(replace(trim(data_class, '[]\"'), '_', ' '), 'not "
               "recorded'), " SW_VERDICT_COLUMN ", count(*) FROM fact WHERE " SW_CITY
               " AND recipient_class = 'fed_imm' AND coalesce(outcome, '') <> 'declined'"
               " GROUP BY 1, 2",
    },
    {
        .name = "unknown-recipient",
        .heading = "What city staff gave to somebody whose class is not recorded",
        .counts = "Each number counts events of city staff with a recipient of whom it is not "
                  "recorded what it is in law.",
        .source = "LA Ordinance 188441",
        .label = "recipient",
        .columns = SW_VERDICT_COLUMNS,
        .sql = "SELECT recipient, " SW_VERDICT_COLUMN ", count(*) FROM fact WHERE " SW_CITY
               " AND recipient IS NOT NULL AND recipient_class = '' GROUP BY 1, 2",
    },
    {
        .name = "missing",
        .heading = "Facts that were missing",
        .counts = "Each number counts findings of these rules that a missing fact left open.",
        .source = "LA Ordinance 188441",
        .label = "fact",
        .columns = {"cannot be assessed"},
        .sql = "SELECT replace(finding.missing, '_', ' '), 0, count(*) FROM fact JOIN finding"
               " ON finding.hop = fact.hop JOIN rule USING (policy_id, rule) WHERE " ORDINANCE_RULE
               " AND finding.missing IS NOT NULL GROUP BY 1",
    },
};

const struct sw_account_table *sw_account_ordinance(uint32_t *count)
{
    *count = COUNT(ordinance_tables);
    return ordinance_tables;
}

/* What became of a request is told by later events on the same person. */
#define SAME_PERSON(more)                                                                          \
    "EXISTS (SELECT 1 FROM fact AS later WHERE later.subject = fact.subject AND later.ts >="       \
    " fact.ts AND " more ")"

// clang-format off
#define REQUEST_COLUMN \
    "CASE WHEN " SAME_PERSON("later.kind = 'custody' AND later.action = 'transferred' AND" \
        " later.recipient_class = 'fed_imm' AND coalesce(later.outcome, '') <> 'declined'") \
    " THEN 0 WHEN " SAME_PERSON("later.kind = 'notice' AND later.action IN ('sent', 'answered') AND" \
        " later.recipient_class = 'fed_imm' AND coalesce(later.outcome, '') <> 'declined'") \
    " THEN 1 WHEN outcome = 'declined' OR " SAME_PERSON("later.kind = 'notice' AND" \
        " (later.action = 'declined' OR later.outcome = 'declined')") \
    " THEN 2 ELSE 3 END"
// clang-format on

static const struct sw_account_table directive_tables[] = {
    {
        .name = "requests",
        .heading = "Requests by federal immigration agents",
        .counts = "Each number counts detainers and requests for notice that reached a local or "
                  "county jail or police, by what later events on the same person tell. Cannot be "
                  "assessed: no answer was recorded.",
        .source = "Executive Directives 12 and 17; Gov. Code 7283.1",
        .label = "month (UTC)",
        .columns = {"person handed over", "information given", "declined", "cannot be assessed"},
        .sql = "SELECT month, " REQUEST_COLUMN ", count(*) FROM fact WHERE actor_class = 'fed_imm'"
               " AND ((kind = 'custody' AND action = 'detainer') OR (kind = 'notice' AND action ="
               " 'requested')) GROUP BY 1, 2 ORDER BY 1",
    },
    {
        .name = "activity",
        .heading = "Federal activity that was reported",
        .counts = "Each number counts arrests, interviews and hand-overs by federal immigration "
                  "agents that an event tells of. Cannot be assessed: it is not recorded whether "
                  "city or county staff took part.",
        .source = "Executive Directives 12 and 17",
        .label = "month (UTC)",
        .columns = {"local staff took part", "they did not", "cannot be assessed"},
        .sql = "SELECT month, CASE joint WHEN 1 THEN 0 WHEN 0 THEN 1 ELSE 2 END, count(*) FROM fact"
               " WHERE kind = 'custody' AND action IN ('arrested', 'interviewed') AND actor_class ="
               " 'fed_imm' GROUP BY 1, 2 ORDER BY 1",
    },
    {
        .name = "city",
        .heading = "What city staff did, as judged",
        .counts = "Each number counts events of city staff that reached a federal immigration "
                  "agency, or that a rule forbids or leaves open.",
        .source = "Executive Directive 17; LA Ordinance 188441; Gov. Code 7284.6",
        .label = "month (UTC)",
        .columns = SW_VERDICT_COLUMNS,
        .sql = "SELECT month, " SW_VERDICT_COLUMN ", count(*) FROM fact WHERE " SW_CITY
               " AND (recipient_class = 'fed_imm' OR verdict IN ('PROH', 'REVIEW'))"
               " GROUP BY 1, 2 ORDER BY 1",
    },
};

const struct sw_account_table *sw_account_directive(uint32_t *count)
{
    *count = COUNT(directive_tables);
    return directive_tables;
}

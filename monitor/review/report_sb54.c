/*
 * Gov. Code 7284.6(c): what each agency reports to the state every year. (c)(1): for each joint
 * task force its purpose, the agencies, the arrests, and the arrests for immigration enforcement.
 * (c)(2): how many people were transferred to immigration agents, and the offence that allowed
 * each.
 */
#include "report.h"
#include "report_tables.h"

#define COUNT(tables) ((uint32_t)(sizeof(tables) / sizeof((tables)[0])))

/* A task force as a row: what it is called, what for, who takes part. */
#define TASK_FORCES                                                                                \
    "WITH tf AS (SELECT taskforce, taskforce || ' (' || coalesce((SELECT group_concat(p, ', ')"    \
    " FROM (SELECT DISTINCT replace(tf_purpose, '_', ' ') AS p FROM fact AS x WHERE x.taskforce =" \
    " fact.taskforce AND tf_purpose <> 'unknown' ORDER BY 1)), 'purpose not recorded') || '; ' ||" \
    " coalesce((SELECT group_concat(a, ', ') FROM (SELECT actor AS a FROM fact AS x"               \
    " WHERE x.taskforce = fact.taskforce AND actor IS NOT NULL UNION SELECT recipient FROM fact"   \
    " AS x WHERE x.taskforce = fact.taskforce AND recipient IS NOT NULL ORDER BY 1)),"             \
    " 'agencies not recorded') || ')' AS label FROM fact WHERE taskforce IS NOT NULL"              \
    " GROUP BY taskforce ORDER BY taskforce)"

/* As rule R17 counts: local police make the arrest, or somebody else in a joint operation. */
#define JOINT_ARREST                                                                               \
    "kind = 'custody' AND action = 'arrested' AND taskforce IS NOT NULL"                           \
    " AND (" SW_LOCAL " OR joint = 1)"

#define ARREST_COLUMN                                                                              \
    "CASE WHEN civil = 1 OR purpose = 'immigration' OR " SW_IMMIGRATION_OFFENCE " THEN 0"          \
    " WHEN civil = 0 OR purpose IN ('criminal', 'admin') THEN 1 ELSE 2 END"

static const struct sw_account_table task_force_tables[] = {
    {
        .name = "arrests",
        .heading = "Arrests by task force",
        .counts = "Each number counts arrests that name the task force, made by local police or in "
                  "a joint operation. For immigration enforcement: a civil warrant, an immigration "
                  "purpose, or 8 USC 1324a, 1325 or 1326. Cannot be assessed: neither the warrant "
                  "nor the purpose was recorded.",
        .source = "Gov. Code 7284.6(c)(1); immigration enforcement as 7284.4(f) defines it",
        .label = "task force (purpose; agencies)",
        .columns = {"for immigration enforcement", "for other reasons", "cannot be assessed"},
        .sql = TASK_FORCES
        " SELECT label, 0, 0 FROM tf UNION ALL SELECT label, " ARREST_COLUMN ", count(*)"
        " FROM fact JOIN tf USING (taskforce) WHERE " JOINT_ARREST " GROUP BY 1, 2",
    },
    {
        .name = "unclear-arrests",
        .heading = "Arrests not counted above",
        .counts = "Each number counts arrests that name a task force and were made by somebody "
                  "else than local police, without saying whether the operation was joint.",
        .source = "Gov. Code 7284.6(c)(1)",
        .label = "made by",
        .columns = {"said to be no joint operation", "cannot be assessed"},
        .sql =
            "SELECT 'federal immigration agents', 0, 0 UNION ALL SELECT 'other federal agencies',"
            " 0, 0 UNION ALL SELECT 'somebody whose class is not recorded', 0, 0 UNION ALL"
            " SELECT CASE actor_class WHEN 'fed_imm' THEN 'federal immigration agents' WHEN"
            " 'fed_nonimm' THEN 'other federal agencies' WHEN '' THEN 'somebody whose class is"
            " not recorded' ELSE actor_class END, iif(joint = 0, 0, 1), count(*) FROM fact WHERE"
            " kind = 'custody' AND action = 'arrested' AND taskforce IS NOT NULL AND"
            " NOT (" SW_LOCAL " OR coalesce(joint, 0) = 1) GROUP BY 1, 2",
        .fixed = true,
    },
    {
        .name = "task-forces",
        .heading = "What the task forces are for",
        .counts = "Each number counts task forces by the purpose that their events name; one that "
                  "names two stands in both rows.",
        .source = "Gov. Code 7284.6(b)(3): the primary purpose is no immigration enforcement, and "
                  "the duties are mainly about other crimes",
        .label = "primary purpose",
        .columns = {"duties mainly about other crimes", "duties not mainly about them",
                    "cannot be assessed"},
        .sql = "SELECT label, col, count(*) FROM (SELECT coalesce(replace(tf_purpose, '_', ' '),"
               " 'not recorded') AS label, CASE min(tf_other) WHEN 1 THEN 0 WHEN 0 THEN 1 ELSE 2"
               " END AS col FROM fact WHERE taskforce IS NOT NULL AND (tf_purpose IS NOT NULL OR"
               " taskforce NOT IN (SELECT taskforce FROM fact WHERE tf_purpose IS NOT NULL AND"
               " taskforce IS NOT NULL)) GROUP BY taskforce, tf_purpose) GROUP BY 1, 2",
    },
    {
        .name = "shared",
        .heading = "What the task forces were told",
        .counts = "Each number counts notices by local police to federal immigration agents that "
                  "name a task force or carry case intelligence, as the rules judged them.",
        .source = "Gov. Code 7284.6(b)(3)",
        .label = "recipient",
        .columns = SW_VERDICT_COLUMNS,
        .sql = "SELECT coalesce(recipient, 'not recorded'), " SW_VERDICT_COLUMN ", count(*)"
               " FROM fact WHERE kind = 'notice' AND action IN ('sent', 'shared', 'answered')"
               " AND recipient_class = 'fed_imm' AND " SW_LOCAL " AND (taskforce IS NOT NULL OR"
               " instr(coalesce(data_class, ''), 'case_intelligence') > 0) GROUP BY 1, 2",
    },
};

const struct sw_account_table *sw_account_sb54_c1(uint32_t *count)
{
    *count = COUNT(task_force_tables);
    return task_force_tables;
}

/* As rule R18 counts. */
#define TRANSFER                                                                                   \
    "kind = 'custody' AND action = 'transferred' AND " SW_LOCAL                                    \
    " AND recipient_class = 'fed_imm' AND coalesce(outcome, '') <> 'declined'"

#define GROUNDS_FROM_0                                                                             \
    "SELECT 'a judge''s warrant or finding of probable cause', 0, 0"                               \
    " UNION ALL SELECT 'conviction under 7282.5(a)(1): serious or violent felony', 0, 0"           \
    " UNION ALL SELECT 'conviction under 7282.5(a)(2): state prison', 0, 0"                        \
    " UNION ALL SELECT 'conviction under 7282.5(a)(3): listed offence', 0, 0"                      \
    " UNION ALL SELECT 'conviction under 7282.5(a)(4): registry', 0, 0"                            \
    " UNION ALL SELECT 'conviction under 7282.5(a)(5): federal felony', 0, 0"                      \
    " UNION ALL SELECT 'Proposition 47 offence, which allows none', 0, 0"                          \
    " UNION ALL SELECT 'no conviction that allows it', 0, 0"                                       \
    " UNION ALL SELECT 'not recorded', 0, 0 UNION ALL "

#define GROUND                                                                                     \
    "CASE WHEN instr(instrument, 'judicial_') > 0 THEN 'a judge''s warrant or finding of"          \
    " probable cause' WHEN conviction = 'a1' THEN 'conviction under 7282.5(a)(1): serious or"      \
    " violent felony' WHEN conviction = 'a2' THEN 'conviction under 7282.5(a)(2): state prison'"   \
    " WHEN conviction = 'a3' THEN 'conviction under 7282.5(a)(3): listed offence'"                 \
    " WHEN conviction = 'a4' THEN 'conviction under 7282.5(a)(4): registry'"                       \
    " WHEN conviction = 'a5' THEN 'conviction under 7282.5(a)(5): federal felony'"                 \
    " WHEN conviction = 'prop47' THEN 'Proposition 47 offence, which allows none'"                 \
    " WHEN conviction = 'none' THEN 'no conviction that allows it' ELSE 'not recorded' END"

static const struct sw_account_table transfer_tables[] = {
    {
        .name = "transfers",
        .heading = "Transfers, by what allowed them",
        .counts =
            "Each number counts people in local custody who were handed to federal immigration "
            "agents, as the rules judged it. A ground stands here because it was recorded, "
            "not because the rules accept it: see the columns.",
        .source = "Gov. Code 7284.6(c)(2); grounds of 7284.6(a)(4) and 7282.5(a)",
        .label = "ground recorded",
        .columns = SW_VERDICT_COLUMNS,
        .sql = GROUNDS_FROM_0 "SELECT " GROUND ", " SW_VERDICT_COLUMN
                              ", count(*) FROM fact WHERE " TRANSFER " GROUP BY 1, 2",
        .fixed = true,
    },
    {
        .name = "offences",
        .heading = "Transfers, by offence",
        .counts = "Each number counts the same transfers by the offence that was recorded with "
                  "them. Not recorded means that the offence cannot be assessed.",
        .source = "Gov. Code 7284.6(c)(2)",
        .label = "offence",
        .columns = SW_VERDICT_COLUMNS,
        .sql = "SELECT 'not recorded: cannot be assessed', 0, 0 UNION ALL SELECT coalesce(offence,"
               " 'not recorded: cannot be assessed'), " SW_VERDICT_COLUMN ", count(*) FROM fact"
               " WHERE " TRANSFER " GROUP BY 1, 2",
    },
    {
        .name = "agencies",
        .heading = "Transfers, by agency",
        .counts = "Each number counts the same transfers by the agency that made them.",
        .source = "Gov. Code 7284.6(c)(2)",
        .label = "agency",
        .columns = SW_VERDICT_COLUMNS,
        .sql = "SELECT coalesce(actor, 'not recorded'), " SW_VERDICT_COLUMN ", count(*) FROM fact"
               " WHERE " TRANSFER " GROUP BY 1, 2",
    },
    {
        .name = "unclear-transfers",
        .heading = "Hand-overs not counted above",
        .counts = "Each number counts hand-overs of people of which it is not recorded what the "
                  "agency or the recipient is in law, so that nobody can say whether they belong "
                  "above.",
        .source = "Gov. Code 7284.6(c)(2)",
        .label = "what is missing",
        .columns = {"refused", "cannot be assessed"},
        .sql = "SELECT 'class of the recipient', 1, 0 UNION ALL SELECT 'class of the agency', 1, 0"
               " UNION ALL SELECT iif(recipient_class = '', 'class of the recipient',"
               " 'class of the agency'), iif(coalesce(outcome, '') = 'declined', 0, 1), count(*)"
               " FROM fact WHERE kind = 'custody' AND action = 'transferred' AND"
               " (recipient_class = '' OR (actor_class = '' AND recipient_class = 'fed_imm'))"
               " GROUP BY 1, 2",
        .fixed = true,
    },
};

const struct sw_account_table *sw_account_sb54_c2(uint32_t *count)
{
    *count = COUNT(transfer_tables);
    return transfer_tables;
}

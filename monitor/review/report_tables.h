/** Pieces that the tables of several reports share. */
#ifndef SHAREWATCH_REPORT_TABLES_H
#define SHAREWATCH_REPORT_TABLES_H

/* How the rules judged: the columns, and the column of a fact. */
#define SW_VERDICT_COLUMNS                                                                         \
    {                                                                                              \
        "prohibited", "allowed choice", "automatic or federal", "nothing to judge",                \
            "needs review: cannot be assessed"                                                     \
    }
#define SW_VERDICT_COLUMN                                                                          \
    "CASE verdict WHEN 'PROH' THEN 0 WHEN 'DISC' THEN 1 WHEN 'AUTO' THEN 2 WHEN 'FED' THEN 2"      \
    " WHEN 'NONE' THEN 3 ELSE 4 END"

#define SW_LOCAL "actor_class IN ('local', 'county', 'state')"
#define SW_CITY  "actor IN ('LAPD', 'LA-CITY')"

/* Gov. Code 7284.4(f): immigration enforcement covers federal crimes that punish entry, re-entry,
 * presence or employment, too. */
#define SW_IMMIGRATION_OFFENCE                                                                     \
    "(coalesce(offence, '') GLOB '8 USC 1324a*' OR coalesce(offence, '') GLOB '8 USC 1325*'"       \
    " OR coalesce(offence, '') GLOB '8 USC 1326*')"

#endif

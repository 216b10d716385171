/*
 * Rows of chains stand in the order of their keys: looking each up would cost more than judging
 * does. They are summed on both sides instead, in a way that the order does not matter for, and
 * only when the sums differ are they looked up.
 */
#include "replay_rows.h"

#include <string.h>

#include <sqlite3.h>

static struct sw_text verdicts_name(uint32_t verdicts, char *bytes, uint32_t capacity)
{
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, capacity);
    for (int verdict = 0; verdict < SW_VERDICT_COUNT; verdict++) {
        if ((verdicts & (UINT32_C(1) << verdict)) != 0) {
            sw_buffer_append_string(&buffer, buffer.length > 0 ? "," : "");
            sw_buffer_append_string(&buffer, sw_verdict_code((enum sw_verdict)verdict));
        }
    }
    return sw_buffer_text(&buffer);
}

/* A row of `chain`, from either side. */
struct chain_row {
    struct sw_text key, verdict, verdicts, duties;
    int64_t numbers[8]; // revision event level fed_reach hops first_ms last_ms synthetic
};

static void mix(const struct sw_replay *replay, struct sw_replay_sum *sum, uint64_t word)
{
    uint64_t a = (sum->lanes[0] ^ word) * replay->secrets[0];
    uint64_t b = (sum->lanes[1] + word) * replay->secrets[1];
    sum->lanes[0] = a ^ a >> 32;
    sum->lanes[1] = b ^ b >> 29;
}

static void mix_text(const struct sw_replay *replay, struct sw_replay_sum *sum, struct sw_text text)
{
    uint32_t at = 0;
    uint64_t word = 0;
    for (; text.length - at >= sizeof(word); at += (uint32_t)sizeof(word)) {
        memcpy(&word, text.bytes + at, sizeof(word));
        mix(replay, sum, word);
    }
    for (word = text.length; at < text.length; at++) { // at most seven bytes, and the length
        word = word << 8 | (unsigned char)text.bytes[at];
    }
    mix(replay, sum, word);
}

static void add_to_sum(const struct sw_replay *replay, const struct chain_row *row,
                       struct sw_replay_sum *sum)
{
    struct sw_replay_sum of_row = {.lanes = {replay->secrets[2], replay->secrets[3]}};
    mix_text(replay, &of_row, row->key);
    mix_text(replay, &of_row, row->verdict);
    mix_text(replay, &of_row, row->verdicts);
    mix_text(replay, &of_row, row->duties);
    for (size_t i = 0; i < sizeof(row->numbers) / sizeof(row->numbers[0]); i++) {
        mix(replay, &of_row, (uint64_t)row->numbers[i]);
    }
    sum->lanes[0] += of_row.lanes[0];
    sum->lanes[1] += of_row.lanes[1];
}

/* Looks the row up and compares it column by column. */
static bool same_chain_row(struct sw_replay *replay, const struct chain_row *made)
{
    struct sw_replay_row row = {.replay = replay,
                                .statement = replay->logged.statements[SW_LOGGED_CHAIN_ROW],
                                .table = "chain"};
    (void)sqlite3_bind_text(row.statement, 1, made->key.bytes, (int)made->key.length,
                            SQLITE_STATIC);
    (void)sqlite3_bind_int64(row.statement, 2, made->numbers[0]);
    bool same = sw_replay_step(replay, SW_LOGGED_CHAIN_ROW);
    if (!same) {
        sw_replay_differ(replay, "chain %.*s gets revision %lld now, the log has none",
                         SW_TEXT_FORMAT(made->key), (long long)made->numbers[0]);
    }
    same = same && sw_replay_is_number(&row, 0, "event", made->numbers[1]) &&
           sw_replay_is_number(&row, 1, "level", made->numbers[2]) &&
           sw_replay_is_text(&row, 2, "verdict", made->verdict) &&
           sw_replay_is_text(&row, 3, "verdicts", made->verdicts) &&
           sw_replay_is_text(&row, 4, "duties", made->duties) &&
           sw_replay_is_number(&row, 5, "fed_reach", made->numbers[3]) &&
           sw_replay_is_number(&row, 6, "hops", made->numbers[4]) &&
           sw_replay_is_number(&row, 7, "first_ms", made->numbers[5]) &&
           sw_replay_is_number(&row, 8, "last_ms", made->numbers[6]) &&
           sw_replay_is_number(&row, 9, "synthetic", made->numbers[7]);
    (void)sqlite3_reset(row.statement);
    return same;
}

/* Three bits a key, in one word, so that a look costs one miss of the cache. */
static uint64_t *known_word(const struct sw_replay *replay, uint64_t hash, uint64_t *bits)
{
    *bits = UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63) |
            UINT64_C(1) << (hash >> 12 & 63);
    return &replay->known[hash >> 32 & (replay->known_words - 1)];
}

bool sw_replay_may_know(const struct sw_replay *replay, struct sw_text key)
{
    uint64_t bits = 0;
    const uint64_t *word = known_word(replay, sw_text_mix(key), &bits);
    return (*word & bits) == bits;
}

void sw_replay_note_known(struct sw_replay *replay, struct sw_text key)
{
    uint64_t bits = 0;
    uint64_t *word = known_word(replay, sw_text_mix(key), &bits);
    *word |= bits;
}

bool sw_replay_same_chain(struct sw_replay *replay, const struct sw_log_subject *subject,
                          const struct sw_chain *chain)
{
    char duties[SW_DUTIES_TEXT_BYTES];
    char verdicts[64];
    struct chain_row row = {
        .key = sw_text_from(chain->key),
        .verdict = sw_text_from(sw_verdict_code(chain->verdict)),
        .verdicts = verdicts_name(chain->verdicts, verdicts, sizeof(verdicts)),
        .duties = sw_replay_duties(chain->duties, duties),
        .numbers = {chain->revision, subject->cause_id != 0 ? subject->cause_id : subject->event_id,
                    (int64_t)chain->level, chain->fed_reach, chain->hops, chain->first_ms,
                    chain->last_ms, subject->synthetic}};
    replay->counts.chains++;
    if (chain->revision == 1) {
        sw_replay_note_known(replay, row.key);
    }
    if (replay->by_row) {
        return same_chain_row(replay, &row);
    }
    add_to_sum(replay, &row, &replay->chain_sum);
    return true;
}

static void read_chain_row(sqlite3_stmt *statement, struct chain_row *row)
{
    row->key = sw_replay_column(statement, 0);
    row->verdict = sw_replay_column(statement, 1);
    row->verdicts = sw_replay_column(statement, 2);
    row->duties = sw_replay_column(statement, 3);
    for (int i = 0; i < 8; i++) {
        row->numbers[i] = sqlite3_column_int64(statement, 4 + i);
    }
}

/* All rows of chains: as many as came out, and the same ones. */
void sw_replay_compare_chains(struct sw_replay *replay)
{
    struct sw_replay_sum sum = {{0, 0}};
    uint64_t count = 0;
    struct chain_row row;
    while (sw_replay_step(replay, SW_LOGGED_CHAINS)) {
        read_chain_row(replay->logged.statements[SW_LOGGED_CHAINS], &row);
        add_to_sum(replay, &row, &sum);
        count++;
    }
    if (count != replay->counts.chains) {
        sw_replay_differ_in(replay, "the log has %llu rows of chains, the replay made %llu",
                            (unsigned long long)count, (unsigned long long)replay->counts.chains);
    } else if (!replay->by_row && memcmp(&sum, &replay->chain_sum, sizeof(sum)) != 0) {
        sw_replay_differ_in(replay, "a row of a chain is another one than the replay made");
    }
}

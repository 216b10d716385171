#include "sw_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "chain.h"

static struct sw_chains *chains;
static struct sw_outputs outputs;

static int set_up(void **state)
{
    (void)state;
    chains = calloc(1, sizeof(*chains));
    return chains == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(chains);
    return 0;
}

static struct sw_chain_key key_of(const char *text)
{
    struct sw_chain_key key;
    sw_chain_key_set(&key, sw_text_from(text));
    return key;
}

static const struct sw_chain *find(const char *text)
{
    struct sw_chain_key key = key_of(text);
    return sw_chains_find(chains, &key);
}

static void add(const char *text, enum sw_verdict verdict, enum sw_level level, int64_t time_ms)
{
    struct sw_hop hop = {.verdict = verdict, .level = level};
    struct sw_chain_key key = key_of(text);
    sw_chains_add(chains, &key, &hop, time_ms, true, &outputs);
}

static void the_key_is_what_links_most(void **state)
{
    (void)state;
    static struct sw_event event;
    struct sw_chain_key key;
    event = (struct sw_event){.id = SW_TEXT("b-1"), .source = SW_TEXT("urn:x")};
    sw_chain_key(&event, 0xabcd, &key);
    assert_string_equal(key.bytes, "event:b-1@000000000000abcd");
    assert_int_equal(key.length, 26);
    sw_event_set_text(&event, SW_FIELD_VEHICLE_TOK, SW_TEXT("v"));
    sw_chain_key(&event, 0xabcd, &key);
    assert_string_equal(key.bytes, "vehicle:v");
    sw_event_set_text(&event, SW_FIELD_SUBJECT_TOK, SW_TEXT("s"));
    sw_chain_key(&event, 0xabcd, &key);
    assert_string_equal(key.bytes, "subject:s");
    sw_event_set_text(&event, SW_FIELD_CHAIN_ID, SW_TEXT("tcn-1"));
    sw_chain_key(&event, 0xabcd, &key);
    assert_string_equal(key.bytes, "tcn-1");
}

static void nothing_to_tell_takes_no_memory(void **state)
{
    (void)state;
    add("a", SW_VERDICT_NONE, SW_LEVEL_NONE, 1);
    assert_false(outputs.has_chain);
    assert_false(outputs.chain_changed);
    assert_string_equal(outputs.chain.key, "a");
    assert_int_equal(chains->count, 0);
}

static void a_row_is_due_when_the_standing_changes(void **state)
{
    (void)state;
    add("a", SW_VERDICT_AUTO, SW_LEVEL_SEARCHED, 10);
    assert_true(outputs.has_chain && outputs.chain_changed);
    assert_int_equal(outputs.chain.revision, 1);
    assert_int_equal(outputs.chain.hops, 1);

    add("a", SW_VERDICT_AUTO, SW_LEVEL_SEARCHED, 20);
    assert_true(outputs.has_chain);
    assert_false(outputs.chain_changed);
    assert_int_equal(outputs.chain.hops, 2);
    assert_true(outputs.chain.first_ms == 10 && outputs.chain.last_ms == 20);

    add("a", SW_VERDICT_FED, SW_LEVEL_CUSTODY, 5);
    assert_true(outputs.chain_changed);
    assert_int_equal(outputs.chain.revision, 2);
    assert_int_equal(outputs.chain.level, SW_LEVEL_CUSTODY);
    assert_int_equal(outputs.chain.verdict, SW_VERDICT_AUTO);
    assert_int_equal(outputs.chain.verdicts, 1 << SW_VERDICT_AUTO | 1 << SW_VERDICT_FED);
    assert_true(outputs.chain.first_ms == 5 && outputs.chain.last_ms == 20);
}

static void the_chain_used_longest_ago_is_forgotten(void **state)
{
    (void)state;
    char key[16];
    for (uint32_t i = 0; i < SW_CHAINS_MAX; i++) {
        (void)snprintf(key, sizeof(key), "c%u", i);
        add(key, SW_VERDICT_AUTO, SW_LEVEL_SEARCHED, i);
    }
    add("c0", SW_VERDICT_AUTO, SW_LEVEL_MATCHED, 1);
    assert_true(chains->evicted_total == 0);

    for (uint32_t i = 0; i < 1000; i++) {
        (void)snprintf(key, sizeof(key), "d%u", i);
        add(key, SW_VERDICT_AUTO, SW_LEVEL_SEARCHED, i);
    }

    assert_true(chains->evicted_total == 1000);
    assert_non_null(find("c0"));
    assert_null(find("c1"));
    assert_null(find("c1000"));
    for (uint32_t i = 1001; i < SW_CHAINS_MAX; i++) {
        (void)snprintf(key, sizeof(key), "c%u", i);
        assert_non_null(find(key));
    }
    for (uint32_t i = 0; i < 1000; i++) {
        (void)snprintf(key, sizeof(key), "d%u", i);
        assert_non_null(find(key));
    }
}

static void a_forgotten_chain_goes_on_from_the_log(void **state)
{
    (void)state;
    struct sw_chain older = {.key = "a",
                             .revision = 3,
                             .level = SW_LEVEL_INFORMED,
                             .verdict = SW_VERDICT_PROH,
                             .verdicts = 1 << SW_VERDICT_PROH,
                             .hops = 7,
                             .first_ms = 1,
                             .last_ms = 90};
    add("a", SW_VERDICT_PROH, SW_LEVEL_MATCHED, 100);
    assert_false(sw_chain_merge(&outputs.chain, &older));
    assert_int_equal(outputs.chain.revision, 3);
    assert_int_equal(outputs.chain.hops, 8);
    add("b", SW_VERDICT_FED, SW_LEVEL_CUSTODY, 100);
    memcpy(older.key, "b", 2);
    assert_true(sw_chain_merge(&outputs.chain, &older));
    assert_int_equal(outputs.chain.revision, 4);
    assert_int_equal(outputs.chain.level, SW_LEVEL_CUSTODY);
    assert_int_equal(outputs.chain.verdict, SW_VERDICT_PROH);
    sw_chains_restore(chains, &outputs.chain);
    assert_int_equal(find("b")->revision, 4);
    assert_int_equal(chains->count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_is_what_links_most),
        cmocka_unit_test_setup_teardown(nothing_to_tell_takes_no_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_is_due_when_the_standing_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_chain_used_longest_ago_is_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_forgotten_chain_goes_on_from_the_log, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

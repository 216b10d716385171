/* A signer and real logs: what extends the last head is signed, and nothing else. */
#include "sw_test.h"

#include <stdio.h>
#include <string.h>

#include <sharewatch/keys.h>
#include <sharewatch/log.h>
#include <sharewatch/signing.h>
#include <sharewatch/verify.h>

#include "log_place.h"
#include "log_run.h"

static struct test_log_place place;
static struct sw_log log_file;
static struct sw_signing_key key;
static struct sw_signed_head last;
static char keys[160];
static char sentence[SW_KEY_SENTENCE_BYTES];

static void open_log(void)
{
    if (sw_log_open(&log_file, place.path) != SW_OK ||
        sw_log_sign_with(&log_file, &key.open, 1) != SW_OK ||
        sw_log_start_run(&log_file, &test_log_run) != SW_OK) {
        fail_msg("%s", log_file.sentence);
    }
}

static int set_up(void **state)
{
    (void)state;
    test_log_place_open(&place);
    (void)snprintf(keys, sizeof(keys), "%s-keys", place.folder);
    assert_int_equal(sw_signing_key_create(keys, sentence), SW_OK);
    assert_int_equal(sw_signing_key_load(keys, &key, sentence), SW_OK);
    last = (struct sw_signed_head){.size = 0};
    return 0;
}

static void remove_key(const char *name)
{
    char path[192];
    (void)snprintf(path, sizeof(path), "%s/%s", keys, name);
    (void)unlink(path);
}

static int tear_down(void **state)
{
    (void)state;
    sw_log_close(&log_file);
    remove_key("signing.key");
    remove_key("signing.pub");
    return test_log_place_close(&place) + rmdir(keys);
}

static void add_losses(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        sw_log_add_loss(&log_file, "packets", i, 7);
    }
    assert_int_equal(sw_log_commit(&log_file), SW_OK);
}

/* One round of head, signature and checkpoint, while @meanwhile rows come. */
static enum sw_status sign_head(uint64_t meanwhile)
{
    static struct sw_signing_request request;
    char note[SW_LOG_NOTE_BYTES];
    assert_true(sw_log_head(&log_file, last.size, &request));
    enum sw_status status = sw_signing_sign(&request, &key, &last, note);
    add_losses(meanwhile);
    if (status == SW_OK) {
        assert_int_equal(last.size, request.size);
        sw_log_add_checkpoint(&log_file, &request, note);
        assert_string_equal(log_file.note, note);
        assert_int_equal(sw_log_commit(&log_file), SW_OK);
    }
    return status;
}

static struct sw_verify_report verify(void)
{
    static struct sw_verify_report report;
    static const struct sw_verify_options options;
    if (sw_verify_log(place.path, &options, &report) != SW_OK) {
        fail_msg("%s", report.problem);
    }
    assert_string_equal(report.problem, "");
    assert_int_equal(report.state, SW_VERIFY_WHOLE);
    return report;
}

/* Around every border of a tile, over 65,536 entries, where the tree gets a third level, and over
 * restarts: each head is proven to extend the one before. */
static void signs_a_log_as_it_grows(void **state)
{
    static const uint64_t steps[] = {0, 1, 241, 1, 1, 1, 1, 1, 1, 245, 1, 1, 1, 1, 500, 66000, 3};
    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        open_log();
        add_losses(steps[i]);
        assert_int_equal(sign_head(i % 3), SW_OK);
        add_losses(1 + i % 2);
        assert_int_equal(sign_head(0), SW_OK);
        sw_log_close(&log_file);
    }
    struct sw_verify_report report = verify();
    assert_int_equal(report.checkpoints, 2 * sizeof(steps) / sizeof(steps[0]));
    assert_int_equal(report.signed_entries, last.size);
    assert_int_equal(report.unsigned_entries, 0);
}

/* Nothing new, no head: that which tells of a head does not ask for another. */
static void rests_when_nothing_is_new(void **state)
{
    static struct sw_signing_request request;
    (void)state;
    open_log();
    assert_int_equal(sign_head(0), SW_OK);
    assert_false(sw_log_head(&log_file, last.size, &request));
    add_losses(1);
    assert_int_equal(sign_head(1), SW_OK);
    assert_int_equal(verify().unsigned_entries, 1); // it came while the head was on its way
    assert_int_equal(sign_head(0), SW_OK);
    assert_false(sw_log_head(&log_file, last.size, &request));
    assert_int_equal(sw_log_end_run(&log_file, 9), SW_OK);
    assert_int_equal(verify().unsigned_entries, 0);
}

static void copy_log(const char *from, const char *to)
{
    char command[400];
    (void)snprintf(command, sizeof(command), "cp '%s' '%s' && rm -f '%s-wal' '%s-shm'", from, to,
                   to, to);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a fixed command
}

/* Put back to an older state, and gone on with: as short as before, as long, and longer. */
static void refuses_a_log_that_was_put_back(void **state)
{
    char kept[160];
    (void)state;
    (void)snprintf(kept, sizeof(kept), "%s.kept", place.path);
    open_log();
    add_losses(10);
    assert_int_equal(sign_head(0), SW_OK);
    sw_log_close(&log_file);
    copy_log(place.path, kept);
    open_log();
    add_losses(10);
    assert_int_equal(sign_head(0), SW_OK);
    sw_log_close(&log_file);
    struct sw_signed_head before = last;

    copy_log(kept, place.path);
    open_log();
    for (int i = 0; i < 30; i++) {
        add_losses(1);
        assert_int_equal(sign_head(0), SW_INVALID);
        assert_memory_equal(&last, &before, sizeof(last));
    }
    assert_true(verify().unsigned_entries > 0); // whole by itself: only the memory tells
    assert_int_equal(unlink(kept), 0);
}

/* A proof is of its log, its sizes and its roots. */
static void refuses_what_is_not_proven(void **state)
{
    static struct sw_signing_request right;
    char note[SW_LOG_NOTE_BYTES];
    (void)state;
    open_log();
    add_losses(300);
    assert_int_equal(sign_head(0), SW_OK);
    add_losses(400);
    assert_true(sw_log_head(&log_file, last.size, &right));
    assert_true(right.proof_count > 1);

    struct sw_signing_request wrong = right;
    wrong.root[3] ^= 1;
    assert_int_equal(sw_signing_sign(&wrong, &key, &last, note), SW_INVALID);
    wrong = right;
    wrong.size = last.size - 1;
    assert_int_equal(sw_signing_sign(&wrong, &key, &last, note), SW_INVALID);
    wrong = right;
    wrong.proof[1][3] ^= 1;
    assert_int_equal(sw_signing_sign(&wrong, &key, &last, note), SW_INVALID);
    wrong = right;
    wrong.proof_count = SW_SIGNING_PROOF_HASHES + 1;
    assert_int_equal(sw_signing_sign(&wrong, &key, &last, note), SW_INVALID);
    wrong = right;
    wrong.from = 0;
    assert_int_equal(sw_signing_sign(&wrong, &key, &last, note), SW_INVALID);
    wrong = right;
    wrong.size = 0;
    assert_int_equal(sw_signing_sign(&wrong, &key, &last, note), SW_INVALID);
    assert_int_equal(sw_signing_sign(&right, &key, &last, note), SW_OK);
}

static void recalls_what_it_or_a_former_key_signed(void **state)
{
    static struct sw_signing_key stranger;
    struct sw_signing_request request = {.origin = "sharewatch.log/1", .size = 5, .root = {1}};
    struct sw_signed_head read;
    char note[SW_LOG_NOTE_BYTES];
    (void)state;
    assert_int_equal(sw_signing_sign(&request, &key, &last, note), SW_OK);
    assert_int_equal(sw_signing_key_rotate(keys, sentence), SW_OK);
    assert_int_equal(sw_signing_key_load(keys, &key, sentence), SW_OK);
    struct sw_text text = sw_text_from(note);
    assert_int_equal(sw_signing_recall(text, "sharewatch.log/1", &key.open, &read), SW_OK);
    assert_int_equal(read.size, 5);
    assert_memory_equal(read.root, request.root, sizeof(read.root));
    assert_int_equal(sw_signing_recall(text, "sharewatch.log/2", &key.open, &read), SW_INVALID);
    assert_int_equal(sw_signing_recall(text, "sharewatch.log/1", &stranger.open, &read),
                     SW_INVALID);
    assert_int_equal(sw_signing_recall(SW_TEXT("no note"), "sharewatch.log/1", &key.open, &read),
                     SW_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(signs_a_log_as_it_grows),
        TEST(rests_when_nothing_is_new),
        TEST(refuses_a_log_that_was_put_back),
        TEST(refuses_what_is_not_proven),
        TEST(recalls_what_it_or_a_former_key_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

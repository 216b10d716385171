#include "sw_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sharewatch/keys.h>

#include "note.h"

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/sw-keys-test-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {"token.key", "signing.key", "signing.pub"};
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

static char sentence[SW_KEY_SENTENCE_BYTES];

static void tokens_differ_by_domain_and_key_and_by_nothing_else(void **state)
{
    (void)state;
    struct sw_token_key key;
    char tokens[4][SW_TOKEN_BYTES];
    assert_int_equal(sw_token_key_load(folder, &key, sentence), SW_NOT_FOUND);
    assert_int_equal(sw_token_key_create(folder, sentence), SW_OK);
    assert_int_equal(sw_token_key_create(folder, sentence), SW_EXISTS);
    assert_int_equal(sw_token_key_load(folder, &key, sentence), SW_OK);
    sw_token(&key, SW_TOKEN_VEHICLE, SW_TEXT("7ABC123"), tokens[0]);
    sw_token(&key, SW_TOKEN_VEHICLE, SW_TEXT("7ABC123"), tokens[1]);
    sw_token(&key, SW_TOKEN_CASE, SW_TEXT("7ABC123"), tokens[2]);
    assert_string_equal(tokens[0], tokens[1]);
    assert_int_equal(strlen(tokens[0]), 32);
    assert_string_not_equal(tokens[0], tokens[2]);
    assert_int_equal(sw_token_key_rotate(folder, sentence), SW_OK);
    assert_int_equal(sw_token_key_load(folder, &key, sentence), SW_OK);
    sw_token(&key, SW_TOKEN_VEHICLE, SW_TEXT("7ABC123"), tokens[3]);
    assert_string_not_equal(tokens[0], tokens[3]);
}

static void refuses_a_key_that_others_may_read(void **state)
{
    (void)state;
    struct sw_token_key key;
    char path[128];
    assert_int_equal(sw_token_key_create(folder, sentence), SW_OK);
    (void)snprintf(path, sizeof(path), "%s/token.key", folder);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(sw_token_key_load(folder, &key, sentence), SW_INVALID);
    assert_non_null(strstr(sentence, "chmod 600"));
}

static void the_old_signing_key_hands_over_to_the_new_one(void **state)
{
    (void)state;
    static struct sw_signing_key old;
    static struct sw_signing_key fresh;
    char text[SW_ENDORSED_BYTES];
    assert_int_equal(sw_signing_key_create(folder, sentence), SW_OK);
    assert_int_equal(sw_signing_key_load(folder, &old, sentence), SW_OK);
    assert_int_equal(sw_signing_key_rotate(folder, sentence), SW_OK);
    assert_int_equal(sw_signing_key_rotate(folder, sentence), SW_OK);
    assert_int_equal(sw_signing_key_load(folder, &fresh, sentence), SW_OK);
    assert_int_equal(fresh.open.endorsement_count, 2);
    assert_memory_equal(fresh.open.endorsements[0].from, old.open.bytes, SW_KEY_BYTES);
    assert_memory_equal(fresh.open.endorsements[0].to, fresh.open.endorsements[1].from,
                        SW_KEY_BYTES);
    assert_memory_equal(fresh.open.endorsements[1].to, fresh.open.bytes, SW_KEY_BYTES);
    for (uint32_t i = 0; i < 2; i++) {
        const struct sw_endorsement *step = &fresh.open.endorsements[i];
        assert_true(sw_is_signed(step->from, sw_endorsed_text(step->to, text), step->signature));
    }
}

/* RFC 8032, section 7.1, test 1: the library signs as the standard says. */
static void signs_as_the_standard_says(void **state)
{
    static const uint8_t seed[SW_KEY_BYTES] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60,
                                               0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
                                               0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19,
                                               0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
    static const uint8_t expected[] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7};
    uint8_t public_key[SW_KEY_BYTES];
    uint8_t signature[SW_SIGNATURE_BYTES];
    (void)state;
    assert_true(sw_public_key_of(seed, public_key));
    assert_memory_equal(public_key, expected, sizeof(expected));
    assert_true(sw_sign(seed, (struct sw_text){"", 0}, signature));
    assert_int_equal(signature[0], 0xe5);
    assert_int_equal(signature[63], 0x0b);
    assert_true(sw_is_signed(public_key, (struct sw_text){"", 0}, signature));
}

static void a_note_is_of_its_key_its_log_and_its_bytes(void **state)
{
    static const uint8_t seed[SW_KEY_BYTES] = {7};
    struct sw_head head = {.origin = "sharewatch.log/1", .size = 9, .root = {1, 2, 3}};
    struct sw_head read;
    char note[SW_NOTE_BYTES];
    char key[SW_VERIFIER_KEY_BYTES];
    uint8_t public_key[SW_KEY_BYTES];
    uint8_t other[SW_KEY_BYTES];
    uint32_t length = 0;
    (void)state;
    assert_true(sw_public_key_of(seed, public_key));
    assert_true(sw_note_sign(&head, seed, public_key, note));
    assert_true(sw_note_read(sw_text_from(note), &read, &length));
    assert_int_equal(length, strlen(note));
    assert_int_equal(read.size, 9);
    assert_memory_equal(read.root, head.root, sizeof(read.root));
    assert_true(sw_note_is_signed(sw_text_from(note), public_key));
    sw_verifier_key(head.origin, public_key, key);
    assert_true(sw_verifier_key_read(sw_text_from(key), head.origin, other));
    assert_memory_equal(other, public_key, sizeof(other));
    assert_false(sw_verifier_key_read(sw_text_from(key), "sharewatch.log/2", other));
    other[0] ^= 1;
    assert_false(sw_note_is_signed(sw_text_from(note), other));
    /* Every changed byte is seen: no head, another head, or no signature. */
    for (uint32_t i = 0; i < length; i++) {
        char changed[SW_NOTE_BYTES];
        memcpy(changed, note, sizeof(changed));
        changed[i] = (char)(changed[i] ^ 1);
        assert_false(sw_note_is_signed(sw_text_from(changed), public_key));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tokens_differ_by_domain_and_key_and_by_nothing_else, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_key_that_others_may_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_old_signing_key_hands_over_to_the_new_one, set_up,
                                        tear_down),
        cmocka_unit_test(signs_as_the_standard_says),
        cmocka_unit_test(a_note_is_of_its_key_its_log_and_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "sw_test.h"

#include <stdlib.h>
#include <string.h>

#include "tree.h"

#define LEAVES_MAX 700

static struct sw_hasher hasher;
static uint8_t leaves[LEAVES_MAX][SW_HASH_BYTES];
static struct sw_tree tree;

static int set_up(void **state)
{
    (void)state;
    tree = (struct sw_tree){0};
    for (uint32_t i = 0; i < LEAVES_MAX; i++) {
        sw_hash_leaf(&hasher, &i, sizeof(i), leaves[i]);
    }
    return 0;
}

static void from_hex(const char *text, uint8_t bytes[SW_HASH_BYTES])
{
    for (int i = 0; i < SW_HASH_BYTES; i++) {
        const char *at = text + (size_t)2 * (size_t)i;
        char digits[3] = {at[0], at[1], '\0'};
        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
}

/* The definition, word for word: RFC 6962, section 2.1. */
static void root_by_definition(uint32_t first, uint32_t count, uint8_t root[SW_HASH_BYTES])
{
    uint8_t left[SW_HASH_BYTES];
    uint8_t right[SW_HASH_BYTES];
    uint32_t half = 1;
    if (count == 1) {
        memcpy(root, leaves[first], SW_HASH_BYTES);
        return;
    }
    while (half * 2 < count) {
        half *= 2;
    }
    root_by_definition(first, half, left);
    root_by_definition(first + half, count - half, right);
    sw_hash_node(&hasher, left, right, root);
}

static bool subtree(void *context, uint32_t bits, uint64_t place, uint8_t hash[SW_HASH_BYTES])
{
    (void)context;
    root_by_definition((uint32_t)(place << bits), UINT32_C(1) << bits, hash);
    return true;
}

static void gives_the_roots_of_certificate_transparency(void **state)
{
    static const struct {
        const char *leaf;
        size_t length;
        const char *root; // with this leaf and those before
    } known[] = {
        {"", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {"\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {"\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    };
    uint8_t root[SW_HASH_BYTES];
    uint8_t expected[SW_HASH_BYTES];
    uint8_t leaf[SW_HASH_BYTES];
    (void)state;
    sw_tree_root(&tree, &hasher, root);
    from_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", expected);
    assert_memory_equal(root, expected, sizeof(root));
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        sw_hash_leaf(&hasher, known[i].leaf, known[i].length, leaf);
        assert_true(sw_tree_add(&tree, &hasher, leaf, NULL, NULL));
        sw_tree_root(&tree, &hasher, root);
        from_hex(known[i].root, expected);
        assert_memory_equal(root, expected, sizeof(root));
    }
}

static void root_follows_the_definition_at_every_size(void **state)
{
    uint8_t root[SW_HASH_BYTES];
    uint8_t expected[SW_HASH_BYTES];
    (void)state;
    for (uint32_t size = 1; size <= LEAVES_MAX; size++) {
        assert_true(sw_tree_add(&tree, &hasher, leaves[size - 1], NULL, NULL));
        sw_tree_root(&tree, &hasher, root);
        root_by_definition(0, size, expected);
        assert_memory_equal(root, expected, sizeof(root));
    }
}

static uint32_t tiles_taken;

static bool take_tile(void *context, uint32_t level, uint64_t place,
                      const uint8_t hashes[SW_TILE_BYTES])
{
    (void)context;
    assert_int_equal(level, 0);
    assert_int_equal(place, tiles_taken);
    assert_memory_equal(hashes, leaves[place * SW_TILE_HASHES], SW_TILE_BYTES);
    tiles_taken++;
    return true;
}

static void hands_out_each_full_tile_once(void **state)
{
    uint8_t root[SW_HASH_BYTES];
    (void)state;
    for (uint32_t i = 0; i < LEAVES_MAX; i++) {
        assert_true(sw_tree_add(&tree, &hasher, leaves[i], take_tile, NULL));
    }
    assert_int_equal(tiles_taken, LEAVES_MAX / SW_TILE_HASHES);
    root_by_definition(SW_TILE_HASHES, SW_TILE_HASHES, root);
    assert_memory_equal(tree.tiles[1][1], root, sizeof(root));
}

static void every_leaf_is_proven_and_no_other(void **state)
{
    uint8_t proof[SW_PROOF_HASHES][SW_HASH_BYTES];
    uint8_t root[SW_HASH_BYTES];
    uint8_t found[SW_HASH_BYTES];
    uint32_t count = 0;
    (void)state;
    for (uint32_t size = 1; size <= 70; size++) {
        root_by_definition(0, size, root);
        for (uint32_t index = 0; index < size; index++) {
            assert_true(sw_tree_prove(size, index, &hasher, subtree, NULL, proof, &count));
            assert_true(sw_tree_root_of(size, index, &hasher, leaves[index], proof, count, found));
            assert_memory_equal(found, root, sizeof(root));
            if (sw_tree_root_of(size, index, &hasher, leaves[index + 1], proof, count, found)) {
                assert_memory_not_equal(found, root, sizeof(root));
            }
            assert_false(
                sw_tree_root_of(size, index, &hasher, leaves[index], proof, count + 1, found));
            assert_true(count == 0 || !sw_tree_root_of(size, index, &hasher, leaves[index], proof,
                                                       count - 1, found));
        }
        assert_false(sw_tree_root_of(size, size, &hasher, leaves[0], proof, count, found));
    }
}

/* RFC 6962, section 2.1.3: the proofs of its example, a tree of seven leaves. */
static void proves_growth_as_the_example_of_the_standard_does(void **state)
{
    static const struct {
        uint64_t from;
        uint32_t count;
        struct {
            uint32_t first, count;
        } parts[4];
    } known[] = {
        {3, 4, {{2, 1}, {3, 1}, {0, 2}, {4, 3}}}, // c, d, g, l
        {4, 1, {{4, 3}}},                         // l
        {6, 3, {{4, 2}, {6, 1}, {0, 4}}},         // i, j, k
    };
    uint8_t proof[SW_PROOF_HASHES][SW_HASH_BYTES];
    uint8_t part[SW_HASH_BYTES];
    uint32_t count = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_true(sw_tree_prove_growth(known[i].from, 7, &hasher, subtree, NULL, proof, &count));
        assert_int_equal(count, known[i].count);
        for (uint32_t j = 0; j < count; j++) {
            root_by_definition(known[i].parts[j].first, known[i].parts[j].count, part);
            assert_memory_equal(proof[j], part, sizeof(part));
        }
    }
}

static bool has_grown(uint32_t from, const uint8_t *old, uint32_t size, const uint8_t *root,
                      uint8_t (*proof)[SW_HASH_BYTES], uint32_t count)
{
    return sw_tree_has_grown(from, old, size, root, &hasher, (const uint8_t(*)[SW_HASH_BYTES])proof,
                             count);
}

static void growth_is_proven_from_every_size_and_nothing_else(void **state)
{
    uint8_t proof[SW_PROOF_HASHES][SW_HASH_BYTES];
    uint8_t root[SW_HASH_BYTES];
    uint8_t old[SW_HASH_BYTES];
    uint32_t count = 0;
    (void)state;
    for (uint32_t size = 1; size <= 70; size++) {
        root_by_definition(0, size, root);
        for (uint32_t from = 1; from <= size; from++) {
            root_by_definition(0, from, old);
            assert_true(sw_tree_prove_growth(from, size, &hasher, subtree, NULL, proof, &count));
            assert_true(has_grown(from, old, size, root, proof, count));
            /* Another old tree, another new one, another proof, other sizes. */
            old[7] ^= 1;
            assert_false(has_grown(from, old, size, root, proof, count));
            old[7] ^= 1;
            root[7] ^= 1;
            assert_false(has_grown(from, old, size, root, proof, count));
            root[7] ^= 1;
            for (uint32_t i = 0; i < count; i++) {
                proof[i][7] ^= 1;
                assert_false(has_grown(from, old, size, root, proof, count));
                proof[i][7] ^= 1;
            }
            memset(proof[count], 0, SW_HASH_BYTES);
            assert_false(has_grown(from, old, size, root, proof, count + 1));
            assert_true(count == 0 || !has_grown(from, old, size, root, proof, count - 1));
            assert_false(has_grown(size + 1, old, size, root, proof, count));
            assert_false(has_grown(0, old, size, root, proof, count));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(gives_the_roots_of_certificate_transparency, set_up),
        cmocka_unit_test_setup(root_follows_the_definition_at_every_size, set_up),
        cmocka_unit_test_setup(hands_out_each_full_tile_once, set_up),
        cmocka_unit_test_setup(every_leaf_is_proven_and_no_other, set_up),
        cmocka_unit_test_setup(proves_growth_as_the_example_of_the_standard_does, set_up),
        cmocka_unit_test_setup(growth_is_proven_from_every_size_and_nothing_else, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

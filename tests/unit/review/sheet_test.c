/* Tables of counts: sums, and what a public copy gives away. */
#include "sw_test.h"

#include <stdio.h>
#include <string.h>

#include "sheet.h"

static struct sw_sheet sheet; // large
static const char *const columns[] = {"yes", "no", "unknown"};

static void add_row(const char *label, bool fixed, const uint64_t *values, uint32_t count)
{
    struct sw_sheet_row *row = sw_sheet_row(&sheet, sw_text_from(label));
    row->fixed = fixed;
    for (uint32_t i = 0; i < count; i++) {
        row->cells[i].value += values[i];
    }
}

static void adds_up_rows_and_columns(void **state)
{
    (void)state;
    sw_sheet_init(&sheet, columns, 3);
    add_row("a", false, (uint64_t[]){1, 2, 3}, 3);
    add_row("b", false, (uint64_t[]){10, 0, 5}, 3);
    add_row("a", false, (uint64_t[]){4, 0, 0}, 3);

    sw_sheet_total(&sheet);

    assert_int_equal(sheet.row_count, 3);
    assert_int_equal(sheet.column_count, 4);
    assert_int_equal(sheet.rows[0].cells[3].value, 10);
    assert_int_equal(sheet.rows[2].cells[0].value, 15);
    assert_int_equal(sheet.rows[2].cells[3].value, 25);
    assert_int_equal(sw_sheet_sum(&sheet), 25);
}

static void keeps_the_sum_when_there_are_too_many_rows(void **state)
{
    (void)state;
    sw_sheet_init(&sheet, columns, 1);
    for (int i = 0; i < 3 * SW_SHEET_ROWS_MAX; i++) {
        char label[16];
        (void)snprintf(label, sizeof(label), "row %d", i);
        add_row(label, false, (uint64_t[]){1}, 1);
    }

    sw_sheet_total(&sheet);

    assert_int_equal(sheet.row_count, SW_SHEET_ROWS_MAX);
    assert_int_equal(sw_sheet_sum(&sheet), 3 * SW_SHEET_ROWS_MAX);
    assert_string_equal(sheet.rows[sheet.row_count - 2].label, "all others");
}

/* The sum and one other number would give the small one away, so two are hidden. */
static void hides_company_for_a_small_number(void **state)
{
    (void)state;
    sw_sheet_init(&sheet, columns, 3);
    add_row("a", true, (uint64_t[]){3, 40, 90}, 3);
    sw_sheet_total(&sheet);

    sw_sheet_publish(&sheet, 11);

    assert_true(sheet.rows[0].cells[0].hidden);
    assert_true(sheet.rows[0].cells[1].hidden);
    assert_false(sheet.rows[0].cells[2].hidden);
    assert_false(sheet.rows[0].cells[3].hidden);
}

static void shows_zeros_and_what_is_large(void **state)
{
    (void)state;
    sw_sheet_init(&sheet, columns, 3);
    add_row("a", true, (uint64_t[]){0, 40, 0}, 3);
    add_row("b", true, (uint64_t[]){12, 40, 0}, 3);
    sw_sheet_total(&sheet);

    sw_sheet_publish(&sheet, 11);

    for (uint32_t i = 0; i < sheet.row_count; i++) {
        for (uint32_t j = 0; j < sheet.column_count; j++) {
            assert_false(sheet.rows[i].cells[j].hidden);
        }
    }
}

static void takes_small_rows_together(void **state)
{
    (void)state;
    sw_sheet_init(&sheet, columns, 1);
    add_row("large", false, (uint64_t[]){30}, 1);
    add_row("small", false, (uint64_t[]){6}, 1);
    add_row("tiny", false, (uint64_t[]){9}, 1);
    sw_sheet_total(&sheet);

    sw_sheet_publish(&sheet, 11);

    assert_int_equal(sheet.row_count, 3);
    assert_string_equal(sheet.rows[1].label, "all others, each small");
    assert_int_equal(sheet.rows[1].cells[0].value, 15);
    assert_false(sheet.rows[1].cells[0].hidden);
}

/* --- the attack: all tables that agree with what is shown --- */

#define BODY_MAX  6
#define TRIED_MAX 8 // numbers that are tried for a hidden cell, from 1

static uint32_t seed = 12345;

static uint32_t draw(uint32_t below)
{
    seed = seed * 1103515245U + 12345U;
    return (seed >> 16) % below;
}

struct attack {
    uint32_t rows, columns; // of the body
    uint64_t values[SW_SHEET_ROWS_MAX][SW_SHEET_COLUMNS_MAX];
    uint32_t seen[4][4]; // numbers that a cell was seen to have, as bits
};

/* Fills in the sums; false when one differs from what is shown, or hides a zero. */
static bool agrees(struct attack *attack)
{
    for (uint32_t i = 0; i <= attack->rows; i++) {
        for (uint32_t j = 0; j <= attack->columns; j++) {
            uint64_t sum = 0;
            if (i < attack->rows && j < attack->columns) {
                continue;
            }
            for (uint32_t k = 0; j == attack->columns && k < j; k++) {
                sum += attack->values[i][k];
            }
            for (uint32_t k = 0; j < attack->columns && k < i; k++) {
                sum += attack->values[k][j];
            }
            attack->values[i][j] = sum;
            const struct sw_sheet_cell *cell = &sheet.rows[i].cells[j];
            if (cell->hidden ? sum == 0 : sum != cell->value) {
                return false;
            }
        }
    }
    return true;
}

static void note(struct attack *attack)
{
    for (uint32_t i = 0; i <= attack->rows; i++) {
        for (uint32_t j = 0; j <= attack->columns; j++) {
            attack->seen[i][j] |= UINT32_C(1) << (attack->values[i][j] % 32);
        }
    }
}

static void try_all(struct attack *attack, uint32_t place)
{
    uint32_t i = place / attack->columns;
    uint32_t j = place % attack->columns;
    if (place == attack->rows * attack->columns) {
        if (agrees(attack)) {
            note(attack);
        }
        return;
    }
    uint64_t first = sheet.rows[i].cells[j].hidden ? 1 : sheet.rows[i].cells[j].value;
    uint64_t last = sheet.rows[i].cells[j].hidden ? TRIED_MAX : first;
    for (uint64_t value = first; value <= last; value++) {
        attack->values[i][j] = value;
        try_all(attack, place + 1);
    }
}

static void withstands_one_attack(uint32_t rows, uint32_t column_count, uint32_t small)
{
    struct attack attack = {.rows = rows, .columns = column_count};
    sw_sheet_init(&sheet, columns, column_count);
    for (uint32_t i = 0; i < rows; i++) {
        uint64_t values[3];
        for (uint32_t j = 0; j < column_count; j++) {
            values[j] = draw(3) == 0 ? 0 : draw(6);
        }
        add_row((const char *[]){"a", "b", "c"}[i], true, values, column_count);
    }
    sw_sheet_total(&sheet);
    sw_sheet_publish(&sheet, small);
    try_all(&attack, 0);
    for (uint32_t i = 0; i <= rows; i++) {
        for (uint32_t j = 0; j <= column_count; j++) {
            const struct sw_sheet_cell *cell = &sheet.rows[i].cells[j];
            assert_true(cell->hidden || cell->value == 0 || cell->value >= small);
            assert_true(attack.seen[i][j] & UINT32_C(1) << cell->value); // the truth agrees
            uint32_t possible = (uint32_t)__builtin_popcount(attack.seen[i][j]);
            assert_true(!cell->hidden || possible >= small);
        }
    }
}

static void withstands_attacks(void **state)
{
    (void)state;
    for (int i = 0; i < 60; i++) {
        withstands_one_attack(2, 3, 3);
        withstands_one_attack(3, 2, 3);
        withstands_one_attack(2, 2, 2);
        withstands_one_attack(1, 3, 3);
    }
}

/* --- two tables of the same events --- */

#define EVENTS 400

/* The same events whatever @row_count, in that many rows; few in the first column. */
static void publish_by(uint32_t row_count, uint32_t first, uint32_t small)
{
    seed = first;
    sw_sheet_init(&sheet, columns, 3);
    for (uint32_t i = 0; i < EVENTS; i++) {
        uint32_t dice = draw(100);
        char label[8];
        (void)snprintf(label, sizeof(label), "%u", draw(97) % row_count);
        struct sw_sheet_row *row = sw_sheet_row(&sheet, sw_text_from(label));
        row->fixed = true;
        row->cells[dice < 2 ? 0 : dice < 51 ? 1 : 2].value++;
    }
    sw_sheet_total(&sheet);
    sw_sheet_publish(&sheet, small);
}

/* How many numbers a sum that is hidden in both tables can be, for somebody who has both. */
static uint64_t possible_sums(const struct sw_sheet_cell *one, const struct sw_sheet_cell *other,
                              uint32_t count)
{
    uint64_t sum = 0;
    uint64_t hidden = 0;
    for (uint32_t j = 0; j < count; j++) {
        bool both = one[j].hidden && other[j].hidden;
        assert_int_equal(one[j].value, other[j].value);
        sum += both ? one[j].value : 0;
        hidden += both ? 1 : 0;
    }
    bool whole = one[count].hidden && other[count].hidden;
    return hidden == 0 || whole ? UINT64_MAX : hidden == 1 ? 1 : sum - (hidden - 1);
}

static void tables_of_the_same_events_keep_each_others_sums(void **state)
{
    (void)state;
    uint32_t small_sums = 0;
    for (uint32_t round = 1; round <= 300; round++) {
        struct sw_sheet_cell one[SW_SHEET_COLUMNS_MAX];
        uint32_t small = 11 + round % 5;
        publish_by(1 + round % 7, round, small);
        memcpy(one, sheet.rows[sheet.row_count - 1].cells, sizeof(one));
        publish_by(1 + round % 5, round, small);
        const struct sw_sheet_cell *other = sheet.rows[sheet.row_count - 1].cells;
        if (one[0].value > 0 && one[0].value < small) {
            small_sums++;
            assert_true(one[0].hidden && other[0].hidden);
            assert_true(possible_sums(one, other, 3) >= small);
        }
    }
    assert_true(small_sums > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_up_rows_and_columns),
        cmocka_unit_test(keeps_the_sum_when_there_are_too_many_rows),
        cmocka_unit_test(hides_company_for_a_small_number),
        cmocka_unit_test(shows_zeros_and_what_is_large),
        cmocka_unit_test(takes_small_rows_together),
        cmocka_unit_test(withstands_attacks),
        cmocka_unit_test(tables_of_the_same_events_keep_each_others_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What somebody can work out of a table with withheld numbers is a question of flows. Give the body
 * its sign and both kinds of sums the opposite one, but for the sum of all: then every row and
 * every column adds up to zero, whatever is withheld. So the tables that agree with what is shown
 * differ by circulations: +1 on one cell of a line needs -1 on another hidden cell of it. How far a
 * hidden cell can move is the most that such cycles through it can carry, found by augmenting paths
 * between its row and its column, one unit at a time; more units than asked for are of no interest.
 * A hidden cell that cannot move far enough gets company: the smallest number shown beside it is
 * hidden, too.
 */
#include "sheet.h"

#include <stdio.h>
#include <string.h>

#include <sharewatch/assert.h>

#define NODES_MAX    (SW_SHEET_ROWS_MAX + SW_SHEET_COLUMNS_MAX)
#define OTHERS       "all others"
#define OTHERS_SMALL "all others, each small"

void sw_sheet_init(struct sw_sheet *sheet, const char *const *columns, uint32_t column_count)
{
    SW_ASSERT(column_count >= 1 && column_count < SW_SHEET_COLUMNS_MAX);
    memset(sheet, 0, sizeof(*sheet));
    memcpy(sheet->columns, columns, column_count * sizeof(columns[0]));
    sheet->column_count = column_count;
}

struct sw_sheet_row *sw_sheet_row(struct sw_sheet *sheet, struct sw_text label)
{
    SW_ASSERT(!sheet->totalled);
    char name[SW_SHEET_LABEL_BYTES];
    (void)snprintf(name, sizeof(name), "%.*s", SW_TEXT_FORMAT(label));
    for (uint32_t i = 0; i < sheet->row_count; i++) {
        if (strcmp(sheet->rows[i].label, name) == 0) {
            return &sheet->rows[i];
        }
    }
    if (sheet->row_count == SW_SHEET_ROWS_MAX - 1) { // the last is for the sum
        struct sw_sheet_row *last = &sheet->rows[sheet->row_count - 1];
        (void)snprintf(last->label, sizeof(last->label), "%s", OTHERS);
        return last;
    }
    struct sw_sheet_row *row = &sheet->rows[sheet->row_count++];
    memcpy(row->label, name, sizeof(name));
    return row;
}

void sw_sheet_total(struct sw_sheet *sheet)
{
    SW_ASSERT(!sheet->totalled && sheet->row_count < SW_SHEET_ROWS_MAX);
    struct sw_sheet_row *sums = &sheet->rows[sheet->row_count];
    uint32_t last = sheet->column_count;
    (void)snprintf(sums->label, sizeof(sums->label), "all");
    for (uint32_t i = 0; i < sheet->row_count; i++) {
        struct sw_sheet_row *row = &sheet->rows[i];
        for (uint32_t j = 0; j < last; j++) {
            row->cells[last].value += row->cells[j].value;
            sums->cells[j].value += row->cells[j].value;
        }
        sums->cells[last].value += row->cells[last].value;
    }
    sheet->columns[last] = "all";
    sheet->column_count++;
    sheet->row_count++;
    sheet->totalled = true;
}

uint64_t sw_sheet_sum(const struct sw_sheet *sheet)
{
    SW_ASSERT(sheet->totalled);
    return sheet->rows[sheet->row_count - 1].cells[sheet->column_count - 1].value;
}

/* --- how far a hidden cell can move --- */

/* A table that agrees with what is shown; moves are made on it. */
struct trial {
    const struct sw_sheet *sheet;
    bool sums_stay; // no sum of a column is hidden beyond those that are
    uint64_t values[SW_SHEET_ROWS_MAX][SW_SHEET_COLUMNS_MAX];
};

/* Whether the cell adds to its lines or, being a sum of one line, takes from them. */
static bool adds(const struct sw_sheet *sheet, uint32_t row, uint32_t column)
{
    return (row + 1 == sheet->row_count) == (column + 1 == sheet->column_count);
}

/* Whether the signed cell can move by one, @up or down: its value may not fall below 1. */
static bool can_move(const struct trial *trial, uint32_t row, uint32_t column, bool up)
{
    return trial->sheet->rows[row].cells[column].hidden &&
           (adds(trial->sheet, row, column) == up || trial->values[row][column] > 1);
}

static void move(struct trial *trial, uint32_t row, uint32_t column, bool up)
{
    if (adds(trial->sheet, row, column) == up) {
        trial->values[row][column]++;
    } else {
        trial->values[row][column]--;
    }
}

/* Rows are nodes from 0, columns from the row count. On the way back from a column to a row the
 * first cell moves against @up, the next with it, and so on. */
struct search {
    uint16_t from[NODES_MAX]; // the node before, or NODES_MAX
    uint16_t queue[NODES_MAX];
    uint32_t first, count;
};

static void visit(struct search *search, uint32_t node, uint32_t from)
{
    if (search->from[node] == NODES_MAX) {
        search->from[node] = (uint16_t)from;
        search->queue[search->count++] = (uint16_t)node;
    }
}

static void expand(const struct trial *trial, struct search *search, uint32_t node, bool up,
                   uint32_t row, uint32_t column)
{
    uint32_t rows = trial->sheet->row_count;
    uint32_t others = node < rows ? trial->sheet->column_count : rows;
    for (uint32_t other = 0; other < others; other++) {
        uint32_t at_row = node < rows ? node : other;
        uint32_t at_column = node < rows ? other : node - rows;
        bool itself = at_row == row && at_column == column;
        if (!itself && can_move(trial, at_row, at_column, node < rows ? up : !up)) {
            visit(search, node < rows ? rows + other : other, node);
        }
    }
}

/* Moves the cell by one and what has to move with it. False: it cannot be. */
static bool shift(struct trial *trial, uint32_t row, uint32_t column, bool up)
{
    uint32_t rows = trial->sheet->row_count;
    struct search search = {.first = 0};
    if (!can_move(trial, row, column, up)) {
        return false;
    }
    for (uint32_t i = 0; i < NODES_MAX; i++) {
        search.from[i] = NODES_MAX;
    }
    visit(&search, rows + column, rows + column);
    while (search.first < search.count && search.from[row] == NODES_MAX) {
        expand(trial, &search, search.queue[search.first++], up, row, column);
    }
    if (search.from[row] == NODES_MAX) {
        return false;
    }
    move(trial, row, column, up);
    for (uint32_t node = row; node != rows + column; node = search.from[node]) {
        uint32_t before = search.from[node];
        bool to_row = node < rows;
        move(trial, to_row ? node : before, to_row ? before - rows : node - rows,
             to_row ? !up : up);
    }
    return true;
}

static struct trial begin_trial(const struct sw_sheet *sheet)
{
    struct trial trial = {.sheet = sheet};
    for (uint32_t i = 0; i < sheet->row_count; i++) {
        for (uint32_t j = 0; j < sheet->column_count; j++) {
            trial.values[i][j] = sheet->rows[i].cells[j].value;
        }
    }
    return trial;
}

/* How many numbers the hidden cell can be; no more than @enough are counted. */
static uint32_t possible(const struct sw_sheet *sheet, uint32_t row, uint32_t column,
                         uint32_t enough)
{
    uint32_t numbers = 1;
    for (int up = 0; up < 2; up++) {
        struct trial trial = begin_trial(sheet);
        while (numbers < enough && shift(&trial, row, column, up != 0)) {
            numbers++;
        }
    }
    return numbers;
}

/* --- hiding --- */

/* The cheapest way between row and column when shown numbers may be hidden, each at the cost of its
 * value, which is what the reader loses. */
struct detour {
    uint64_t costs[NODES_MAX];
    uint16_t from[NODES_MAX];
    bool settled[NODES_MAX];
};

static uint32_t nearest(const struct detour *detour, uint32_t nodes)
{
    uint32_t best = nodes;
    for (uint32_t node = 0; node < nodes; node++) {
        if (!detour->settled[node] && detour->costs[node] != UINT64_MAX &&
            (best == nodes || detour->costs[node] < detour->costs[best])) {
            best = node;
        }
    }
    return best;
}

/* Whether the cell could move if it were hidden: hidden ones that are at their end cannot, nor can
 * shown sums of columns that are to stay. */
static bool could_move(const struct trial *trial, uint32_t row, uint32_t column, bool up)
{
    bool hidden = trial->sheet->rows[row].cells[column].hidden;
    if (!hidden && trial->sums_stay && row + 1 == trial->sheet->row_count) {
        return false;
    }
    bool falls = adds(trial->sheet, row, column) != up;
    return hidden ? can_move(trial, row, column, up) : trial->values[row][column] > (falls ? 1 : 0);
}

static void relax(const struct trial *trial, struct detour *detour, uint32_t node, bool up,
                  uint32_t row, uint32_t column)
{
    uint32_t rows = trial->sheet->row_count;
    uint32_t others = node < rows ? trial->sheet->column_count : rows;
    for (uint32_t other = 0; other < others; other++) {
        uint32_t at_row = node < rows ? node : other;
        uint32_t at_column = node < rows ? other : node - rows;
        uint32_t to = node < rows ? rows + other : other;
        bool itself = at_row == row && at_column == column;
        if (itself || !could_move(trial, at_row, at_column, node < rows ? up : !up)) {
            continue;
        }
        const struct sw_sheet_cell *cell = &trial->sheet->rows[at_row].cells[at_column];
        uint64_t cost = detour->costs[node] + (cell->hidden ? 0 : cell->value);
        if (cost < detour->costs[to]) {
            detour->costs[to] = cost;
            detour->from[to] = (uint16_t)node;
        }
    }
}

static void find_detour(const struct trial *trial, struct detour *detour, bool up, uint32_t row,
                        uint32_t column)
{
    uint32_t nodes = trial->sheet->row_count + trial->sheet->column_count;
    memset(detour, 0, sizeof(*detour));
    memset(detour->costs, 0xff, sizeof(detour->costs));
    detour->costs[trial->sheet->row_count + column] = 0;
    for (uint32_t node = nearest(detour, nodes); node < nodes; node = nearest(detour, nodes)) {
        detour->settled[node] = true;
        relax(trial, detour, node, up, row, column);
    }
}

/* The cheapest way to let the hidden cell move further. False: there is none. */
static bool find_way(const struct sw_sheet *sheet, uint32_t small, uint32_t row, uint32_t column,
                     bool sums_stay, struct detour *way)
{
    way->costs[row] = UINT64_MAX;
    for (int up = 0; up < 2; up++) {
        struct detour other;
        struct trial trial = begin_trial(sheet);
        uint32_t moves = 0;
        trial.sums_stay = sums_stay;
        while (moves < small && shift(&trial, row, column, up != 0)) {
            moves++;
        }
        find_detour(&trial, &other, up != 0, row, column);
        if (can_move(&trial, row, column, up != 0) && other.costs[row] < way->costs[row]) {
            *way = other;
        }
    }
    return way->costs[row] != UINT64_MAX;
}

/* Opens one more way for the hidden cell to move, if it can be without another sum of a column.
 * Else there always is one upwards: cell, sum of its row, sum of its column and sum of all can grow
 * together. */
static void open_way(struct sw_sheet *sheet, uint32_t small, uint32_t row, uint32_t column)
{
    struct detour way;
    uint32_t rows = sheet->row_count;
    bool found = find_way(sheet, small, row, column, true, &way) ||
                 find_way(sheet, small, row, column, false, &way);
    SW_ASSERT(found && way.costs[row] > 0);
    for (uint32_t node = row; node != rows + column; node = way.from[node]) {
        uint32_t before = way.from[node];
        bool to_row = node < rows;
        sheet->rows[to_row ? node : before].cells[to_row ? before - rows : node - rows].hidden =
            true;
    }
}

/* The first hidden cell that can be worked out too well. */
static bool find_weak(const struct sw_sheet *sheet, uint32_t small, uint32_t *row, uint32_t *column)
{
    for (uint32_t i = 0; i < sheet->row_count; i++) {
        for (uint32_t j = 0; j < sheet->column_count; j++) {
            if (sheet->rows[i].cells[j].hidden && possible(sheet, i, j, small) < small) {
                *row = i;
                *column = j;
                return true;
            }
        }
    }
    return false;
}

/* Small rows that are no row of the form become one, at the place of the first. */
static void merge_small(struct sw_sheet *sheet, uint32_t small)
{
    struct sw_sheet_row *into = NULL;
    uint32_t kept = 0;
    uint32_t last = sheet->column_count - 1;
    uint32_t merged = 0;
    for (uint32_t i = 0; i + 1 < sheet->row_count; i++) {
        merged += !sheet->rows[i].fixed && sheet->rows[i].cells[last].value < small ? 1 : 0;
    }
    for (uint32_t i = 0; i < sheet->row_count; i++) {
        struct sw_sheet_row row = sheet->rows[i];
        bool is_sum = i + 1 == sheet->row_count;
        if (merged < 2 || is_sum || row.fixed || row.cells[last].value >= small) {
            sheet->rows[kept++] = row;
        } else if (into == NULL) {
            into = &sheet->rows[kept++];
            *into = row;
            (void)snprintf(into->label, sizeof(into->label), "%s", OTHERS_SMALL);
        } else {
            for (uint32_t j = 0; j <= last; j++) {
                into->cells[j].value += row.cells[j].value;
            }
        }
    }
    sheet->row_count = kept;
}

/* The smallest sum of a column that is shown and not zero; NULL: none. */
static struct sw_sheet_cell *smallest_sum(struct sw_sheet_row *sums, uint32_t count)
{
    struct sw_sheet_cell *best = NULL;
    for (uint32_t j = 0; j < count; j++) {
        struct sw_sheet_cell *cell = &sums->cells[j];
        if (!cell->hidden && cell->value > 0 && (best == NULL || cell->value < best->value)) {
            best = cell;
        }
    }
    return best;
}

/* Hides company for hidden sums of columns by nothing but the sums: another table of the same
 * events, in other rows, has the same and must hide the same, or the two give them away. */
static void hide_sums(struct sw_sheet *sheet, uint32_t small)
{
    uint32_t last = sheet->column_count - 1;
    struct sw_sheet_row *sums = &sheet->rows[sheet->row_count - 1];
    for (;;) {
        uint64_t sum = 0;
        uint64_t others = 0; // hidden ones beside a hidden one, each at least 1
        uint32_t hidden = 0;
        for (uint32_t j = 0; j < last; j++) {
            sum += sums->cells[j].hidden ? sums->cells[j].value : 0;
            hidden += sums->cells[j].hidden ? 1 : 0;
        }
        others = hidden > 0 ? hidden - 1 : 0;
        if (hidden == 0 || sums->cells[last].hidden || (others > 0 && sum - others >= small)) {
            return;
        }
        struct sw_sheet_cell *company = smallest_sum(sums, last);
        (company != NULL ? company : &sums->cells[last])->hidden = true;
    }
}

void sw_sheet_publish(struct sw_sheet *sheet, uint32_t small)
{
    SW_ASSERT(sheet->totalled && small >= 2);
    uint32_t row = 0;
    uint32_t column = 0;
    merge_small(sheet, small);
    for (uint32_t i = 0; i < sheet->row_count; i++) {
        for (uint32_t j = 0; j < sheet->column_count; j++) {
            uint64_t value = sheet->rows[i].cells[j].value;
            sheet->rows[i].cells[j].hidden = value > 0 && value < small;
        }
    }
    hide_sums(sheet, small);
    while (find_weak(sheet, small, &row, &column)) {
        open_way(sheet, small, row, column);
    }
}

#include "crew.h"

#include <stdio.h>
#include <stdlib.h>

#include <sharewatch/assert.h>

enum sw_status sw_crew_open(struct sw_crew *crew, const char *path, uint32_t threads,
                            char sentence[SW_VERIFY_SENTENCE_BYTES])
{
    enum sw_status status = SW_OK;
    SW_ASSERT(threads >= 1 && threads <= SW_VERIFY_THREADS_MAX);
    *crew = (struct sw_crew){.slot_count = (uint64_t)threads * SW_CREW_PIECES_EACH};
    (void)pthread_mutex_init(&crew->mutex, NULL);
    (void)pthread_cond_init(&crew->changed, NULL);
    uint32_t wanted = threads > 1 ? 1 + threads : 1;
    while (status == SW_OK && crew->part_count < wanted) {
        status = sw_part_open(&crew->parts[crew->part_count++], path, sentence);
    }
    crew->slots = calloc(crew->slot_count, sizeof(crew->slots[0]));
    if (status == SW_OK && crew->slots == NULL) {
        (void)snprintf(sentence, SW_VERIFY_SENTENCE_BYTES, "log %s: not enough memory", path);
        status = SW_NO_MEMORY;
    }
    return status;
}

void sw_crew_close(struct sw_crew *crew)
{
    SW_ASSERT(crew->thread_count == 0);
    for (uint32_t i = 0; i < crew->part_count; i++) {
        sw_part_close(&crew->parts[i]);
    }
    if (crew->slot_count > 0) {
        (void)pthread_cond_destroy(&crew->changed);
        (void)pthread_mutex_destroy(&crew->mutex);
    }
    free(crew->slots);
    *crew = (struct sw_crew){0};
}

static uint64_t piece_count(const struct sw_crew *crew)
{
    return (crew->end - crew->first + SW_PIECE_ENTRIES - 1) / SW_PIECE_ENTRIES;
}

static struct sw_piece *set_piece(struct sw_crew *crew, uint64_t number)
{
    struct sw_piece *piece = &crew->slots[number % crew->slot_count].piece;
    piece->first = crew->first + number * SW_PIECE_ENTRIES;
    uint64_t left = crew->end - piece->first;
    piece->count = left < SW_PIECE_ENTRIES ? (uint32_t)left : SW_PIECE_ENTRIES;
    return piece;
}

/* Gives a worker the next piece, when there is room for it. False: there is no more to do. */
static bool claim(struct sw_crew *crew, uint64_t *number)
{
    (void)pthread_mutex_lock(&crew->mutex);
    while (!crew->stop && crew->claimed < piece_count(crew) &&
           crew->claimed >= crew->given_back + crew->slot_count) {
        (void)pthread_cond_wait(&crew->changed, &crew->mutex);
    }
    bool more = !crew->stop && crew->claimed < piece_count(crew);
    if (more) {
        *number = crew->claimed++;
    }
    (void)pthread_mutex_unlock(&crew->mutex);
    return more;
}

struct worker {
    struct sw_crew *crew;
    struct sw_part *part;
};

static void *work(void *context)
{
    struct worker worker = *(struct worker *)context;
    struct sw_crew *crew = worker.crew;
    uint64_t number = 0;
    free(context);
    while (claim(crew, &number)) {
        sw_part_check(worker.part, set_piece(crew, number));
        (void)pthread_mutex_lock(&crew->mutex);
        crew->slots[number % crew->slot_count].done = true;
        (void)pthread_cond_broadcast(&crew->changed);
        (void)pthread_mutex_unlock(&crew->mutex);
    }
    return NULL;
}

static bool start_worker(struct sw_crew *crew, struct sw_part *part)
{
    struct worker *worker = malloc(sizeof(*worker));
    if (worker == NULL) {
        return false;
    }
    *worker = (struct worker){crew, part};
    if (pthread_create(&crew->threads[crew->thread_count], NULL, work, worker) != 0) {
        free(worker);
        return false;
    }
    crew->thread_count++;
    return true;
}

/* Where no thread can be had, the caller does the work. */
void sw_crew_start(struct sw_crew *crew, uint64_t first, uint64_t end)
{
    SW_ASSERT(crew->thread_count == 0);
    SW_ASSERT(first <= end);
    crew->first = first;
    crew->end = end;
    crew->claimed = 0;
    crew->taken = 0;
    crew->given_back = 0;
    crew->stop = false;
    for (uint64_t i = 0; i < crew->slot_count; i++) {
        crew->slots[i].done = false;
    }
    for (uint32_t i = 1; i < crew->part_count && start_worker(crew, &crew->parts[i]); i++) {
    }
}

/* Gives the slot of the piece before back to the workers, and waits for the next. */
static struct sw_piece *wait_for_next(struct sw_crew *crew)
{
    struct sw_crew_slot *slot = &crew->slots[crew->taken % crew->slot_count];
    (void)pthread_mutex_lock(&crew->mutex);
    if (crew->given_back < crew->taken) {
        crew->slots[crew->given_back % crew->slot_count].done = false;
        crew->given_back++;
        (void)pthread_cond_broadcast(&crew->changed);
    }
    while (!slot->done) {
        (void)pthread_cond_wait(&crew->changed, &crew->mutex);
    }
    crew->taken++;
    (void)pthread_mutex_unlock(&crew->mutex);
    return &slot->piece;
}

struct sw_piece *sw_crew_take(struct sw_crew *crew)
{
    if (crew->taken == piece_count(crew)) {
        return NULL;
    }
    if (crew->thread_count > 0) {
        return wait_for_next(crew);
    }
    struct sw_piece *piece = set_piece(crew, crew->taken++);
    sw_part_check(&crew->parts[0], piece);
    return piece;
}

bool sw_crew_end(struct sw_crew *crew)
{
    (void)pthread_mutex_lock(&crew->mutex);
    crew->stop = true;
    (void)pthread_cond_broadcast(&crew->changed);
    (void)pthread_mutex_unlock(&crew->mutex);
    for (uint32_t i = 0; i < crew->thread_count; i++) {
        (void)pthread_join(crew->threads[i], NULL);
    }
    crew->thread_count = 0;
    bool done = true;
    for (uint32_t i = 1; done && i < crew->part_count; i++) {
        done = sw_part_add(&crew->parts[0], &crew->parts[i]);
    }
    return done;
}

/**
 * A small log with everything in it that a monitor can write: corrections of corrections, a gap and
 * a late comer, refused packets, counts over time, rules that were read anew and a restart. Each
 * test writes it in a folder of its own.
 */
#ifndef SHAREWATCH_STORY_LOG_H
#define SHAREWATCH_STORY_LOG_H

#include <stdbool.h>
#include <stdint.h>

/** Writes the story to a new log at @path. Commits whenever @commit says so after the packet with
 *  that number, from 0; NULL: after every packet. */
void story_write(const char *path, bool (*commit)(uint32_t packet));

/** Runs @sql on the log at @path. */
void story_change(const char *path, const char *sql);

/** Rows of @table that only one of the two logs has. */
int64_t story_differences(const char *first, const char *second, const char *table);

/** The number that @sql gives on the log at @path. */
int64_t story_number(const char *path, const char *sql);

/** Copies the log at @from to @to, whole. */
void story_copy(const char *from, const char *to);

/** Makes a folder; its name has no slash at the end. Removes it with what is in it. */
void story_make_folder(char folder[64]);
void story_remove_folder(const char *folder);

#endif

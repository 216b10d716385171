/**
 * What signers remember of logs, for people: which logs, up to where, since when, and how one of
 * these memories is let go, see signer_memory.h.
 */
#ifndef SHAREWATCH_MEMORIES_H
#define SHAREWATCH_MEMORIES_H

/** Prints a line for each memory beside the key in @folder, in the order of their names; nothing
 *  when there are none. */
void sw_memories_show(const char *folder);

/** Deletes the memory called @name, a log's or one that `keys accept` set aside, and says what is
 *  lost by it. Returns a process's exit code: 0; 1, there is none; 3, a signer has it open, or it
 *  cannot be deleted. */
int sw_memories_forget(const char *folder, const char *name);

#endif

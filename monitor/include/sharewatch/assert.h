/**
 * Assertions for programmer's errors, on in every build. Conditions have no side effects.
 */
#ifndef SHAREWATCH_ASSERT_H
#define SHAREWATCH_ASSERT_H

#define SW_ASSERT(condition)                                                                       \
    ((condition) ? (void)0 : sw_assert_failed(#condition, __FILE__, __LINE__))

/** For a place that cannot be reached; @why is a string literal that says so. */
#define SW_NEVER(why) sw_assert_failed(why, __FILE__, __LINE__)

/** Writes the condition and its place to standard error, then aborts. */
_Noreturn void sw_assert_failed(const char *condition, const char *file, int line);

#endif

/**
 * Who may see the page. On loopback: whoever opens the one-time link, as the user who started the
 * dashboard. Elsewhere: named users with a role, over TLS only.
 *
 * A users file has one line a user, `NAME:ROLE:HASH`, HASH as crypt(5) has it (yescrypt);
 * `sharewatch dashboard --users FILE --add-user NAME:ROLE` writes one.
 */
#ifndef SHAREWATCH_DASHBOARD_ACCESS_H
#define SHAREWATCH_DASHBOARD_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#include "limits.h"

#define SW_SECRET_DIGITS 43 // 256 bits in base 64
#define SW_SESSIONS_MAX  64u
#define SW_USERS_MAX     256u
#define SW_HASH_BYTES    256u

/** Each role may what those before it may. */
enum sw_role {
    SW_ROLE_READER,    // sees alerts, flows and entries
    SW_ROLE_REVIEWER,  // acknowledges, escalates, notes
    SW_ROLE_CUSTODIAN, // opens cases, exports in full
    SW_ROLE_COUNT
};

struct sw_session {
    char secret[SW_SECRET_DIGITS + 1]; // empty: the slot is free
    char actor[SW_ACTOR_BYTES];
    enum sw_role role;
    int64_t used_ms; // monotonic
};

struct sw_user {
    char name[SW_ACTOR_BYTES];
    enum sw_role role;
    char hash[SW_HASH_BYTES];
};

struct sw_access {
    bool named; // users of a file; else the one-time link
    char link[SW_SECRET_DIGITS + 1];
    char actor[SW_ACTOR_BYTES]; // on loopback
    struct sw_session sessions[SW_SESSIONS_MAX];
    struct sw_user users[SW_USERS_MAX];
    uint32_t user_count;
    int64_t next_login_ms; // monotonic; a guess costs everybody a quarter of a second
    uint64_t refused_total;
};

/** Starts with one-time links for @actor. SW_IO: the kernel gave no random bytes. */
enum sw_status sw_access_init(struct sw_access *access, const char *actor) SW_MUST_CHECK;

/** Reads the users file at @path. SW_IO or SW_INVALID: @problem [256] says what is wrong. */
enum sw_status sw_access_load(struct sw_access *access, const char *path,
                              char problem[256]) SW_MUST_CHECK;

/** Adds the line of a user to the file at @path, made with mode 0600 when absent; for --add-user.
 */
enum sw_status sw_access_add_user(const char *path, const char *name_and_role, const char *password,
                                  char problem[256]) SW_MUST_CHECK;

/** Takes the one-time link: a new session when @secret is the present link, and a new link. */
struct sw_session *sw_access_redeem(struct sw_access *access, struct sw_text secret,
                                    int64_t now_ms);

/** A session for the user @name with @password; NULL when they do not fit, or come too fast. */
struct sw_session *sw_access_login(struct sw_access *access, const char *name, const char *password,
                                   int64_t now_ms);

/** The session of the cookie @secret, or NULL; sessions end after twelve hours without a request.
 */
struct sw_session *sw_access_find(struct sw_access *access, const char *secret, int64_t now_ms);

/** "reader", "reviewer", "custodian". */
const char *sw_role_name(enum sw_role role);

#endif

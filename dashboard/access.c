/* Secrets come from the kernel and are compared without a hint of where they differ. */
#include "access.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#define IDLE_MS        (12 * SW_HOUR_MS)
#define LOGIN_PAUSE_MS 250
#define LINE_BYTES     512
#define HASH_PREFIX    "$y$" // yescrypt

static const char *const role_names[SW_ROLE_COUNT] = {"reader", "reviewer", "custodian"};

const char *sw_role_name(enum sw_role role)
{
    return role < SW_ROLE_COUNT ? role_names[role] : "unknown";
}

static bool make_secret(char secret[SW_SECRET_DIGITS + 1])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char bytes[SW_SECRET_DIGITS];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        secret[i] = digits[bytes[i] & 63];
    }
    secret[SW_SECRET_DIGITS] = '\0';
    return true;
}

static bool same_secret(const char *secret, const char *given, size_t given_length)
{
    if (given_length != SW_SECRET_DIGITS) {
        return false;
    }
    unsigned difference = 0;
    for (size_t i = 0; i < SW_SECRET_DIGITS; i++) {
        difference |= (unsigned)(secret[i] ^ given[i]);
    }
    return difference == 0 && secret[0] != '\0';
}

enum sw_status sw_access_init(struct sw_access *access, const char *actor)
{
    *access = (struct sw_access){.named = false};
    (void)snprintf(access->actor, sizeof(access->actor), "%s", actor);
    return make_secret(access->link) ? SW_OK : SW_IO;
}

static enum sw_role find_role(const char *name)
{
    uint32_t role = 0;
    while (role < SW_ROLE_COUNT && strcmp(name, role_names[role]) != 0) {
        role++;
    }
    return (enum sw_role)role;
}

/* Splits NAME:ROLE[:HASH]; false when a part is missing, too long or no role. */
static bool parse_user(char *line, struct sw_user *user)
{
    char *role = strchr(line, ':');
    if (role == NULL || role == line || (size_t)(role - line) >= sizeof(user->name)) {
        return false;
    }
    *role++ = '\0';
    char *hash = strchr(role, ':');
    if (hash != NULL) {
        *hash++ = '\0';
    }
    *user = (struct sw_user){.role = find_role(role)};
    (void)snprintf(user->name, sizeof(user->name), "%s", line);
    if (hash != NULL && strlen(hash) < sizeof(user->hash)) {
        memcpy(user->hash, hash, strlen(hash) + 1);
    }
    return user->role < SW_ROLE_COUNT && strspn(user->name, " \t") == 0;
}

enum sw_status sw_access_load(struct sw_access *access, const char *path, char problem[256])
{
    char line[LINE_BYTES];
    unsigned number = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        (void)snprintf(problem, 256, "%s: %s", path, strerror(errno));
        return SW_IO;
    }
    access->named = true;
    enum sw_status status = SW_OK;
    while (status == SW_OK && fgets(line, sizeof(line), file) != NULL) {
        number++;
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#') {
            continue;
        }
        struct sw_user user;
        if (access->user_count == SW_USERS_MAX || !parse_user(line, &user) || user.hash[0] != '$') {
            (void)snprintf(problem, 256,
                           "%s:%u: a line is NAME:ROLE:HASH with ROLE reader, reviewer or "
                           "custodian (at most %u lines)",
                           path, number, SW_USERS_MAX);
            status = SW_INVALID;
        } else {
            access->users[access->user_count++] = user;
        }
    }
    (void)fclose(file);
    if (status == SW_OK && access->user_count == 0) {
        (void)snprintf(problem, 256, "%s: there is no user in it; make one with --add-user", path);
        status = SW_INVALID;
    }
    return status;
}

enum sw_status sw_access_add_user(const char *path, const char *name_and_role, const char *password,
                                  char problem[256])
{
    char line[LINE_BYTES];
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    struct crypt_data data = {.initialized = 0};
    struct sw_user user;
    (void)snprintf(line, sizeof(line), "%s", name_and_role);
    if (!parse_user(line, &user) || user.hash[0] != '\0') {
        (void)snprintf(problem, 256, "'%.60s' is no NAME:ROLE; roles: reader, reviewer, custodian",
                       name_and_role);
        return SW_INVALID;
    }
    if (strlen(password) < 12) {
        (void)snprintf(problem, 256, "a password has at least 12 characters");
        return SW_INVALID;
    }
    const char *hash = crypt_gensalt_rn(HASH_PREFIX, 0, NULL, 0, setting, sizeof(setting)) != NULL
                           ? crypt_r(password, setting, &data)
                           : NULL;
    int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (hash == NULL || hash[0] == '*' || descriptor < 0) {
        (void)snprintf(problem, 256, "%s: %s", path, strerror(errno));
        if (descriptor >= 0) {
            (void)close(descriptor);
        }
        return SW_IO;
    }
    int written = dprintf(descriptor, "%s:%s:%s\n", user.name, sw_role_name(user.role), hash);
    return close(descriptor) == 0 && written > 0 ? SW_OK : SW_IO;
}

/* A free slot, or that of the session that was idle the longest. */
static struct sw_session *new_session(struct sw_access *access, const char *actor,
                                      enum sw_role role, int64_t now_ms)
{
    struct sw_session *session = &access->sessions[0];
    for (uint32_t i = 0; i < SW_SESSIONS_MAX && session->secret[0] != '\0'; i++) {
        struct sw_session *other = &access->sessions[i];
        if (other->secret[0] == '\0' || other->used_ms < session->used_ms) {
            session = other;
        }
    }
    *session = (struct sw_session){.role = role, .used_ms = now_ms};
    (void)snprintf(session->actor, sizeof(session->actor), "%s", actor);
    if (!make_secret(session->secret)) {
        session->secret[0] = '\0';
        return NULL;
    }
    return session;
}

struct sw_session *sw_access_redeem(struct sw_access *access, struct sw_text secret, int64_t now_ms)
{
    if (access->named || !same_secret(access->link, secret.bytes, secret.length)) {
        access->refused_total++;
        return NULL;
    }
    if (!make_secret(access->link)) {
        access->link[0] = '\0';
    }
    return new_session(access, access->actor, SW_ROLE_CUSTODIAN, now_ms);
}

static const struct sw_user *find_user(const struct sw_access *access, const char *name)
{
    for (uint32_t i = 0; i < access->user_count; i++) {
        if (strcmp(access->users[i].name, name) == 0) {
            return &access->users[i];
        }
    }
    return NULL;
}

struct sw_session *sw_access_login(struct sw_access *access, const char *name, const char *password,
                                   int64_t now_ms)
{
    if (!access->named || now_ms < access->next_login_ms) {
        access->refused_total++;
        return NULL;
    }
    access->next_login_ms = now_ms + LOGIN_PAUSE_MS;
    /* An unknown name costs the same work as a known one, so that time does not tell them apart. */
    const struct sw_user *user = find_user(access, name);
    const char *setting = user != NULL ? user->hash : access->users[0].hash;
    struct crypt_data data = {.initialized = 0};
    const char *hash = crypt_r(password, setting, &data);
    if (hash == NULL || user == NULL || strlen(hash) != strlen(setting)) {
        access->refused_total++;
        return NULL;
    }
    unsigned difference = 0;
    for (size_t i = 0; setting[i] != '\0'; i++) {
        difference |= (unsigned)(hash[i] ^ setting[i]);
    }
    if (difference != 0) {
        access->refused_total++;
        return NULL;
    }
    return new_session(access, user->name, user->role, now_ms);
}

struct sw_session *sw_access_find(struct sw_access *access, const char *secret, int64_t now_ms)
{
    size_t length = secret != NULL ? strlen(secret) : 0;
    for (uint32_t i = 0; i < SW_SESSIONS_MAX && length > 0; i++) {
        struct sw_session *session = &access->sessions[i];
        if (same_secret(session->secret, secret, length)) {
            if (now_ms - session->used_ms > IDLE_MS) {
                session->secret[0] = '\0';
                return NULL;
            }
            session->used_ms = now_ms;
            return session;
        }
    }
    return NULL;
}

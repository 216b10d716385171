#include "broker.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <sharewatch/assert.h>

#define TRIES          8  // of a free port that somebody else took before mosquitto did
#define PASSWORD_BYTES 24 // random
#define PASSWORD_CHARS 32 // the same in base64
#define SALT_BYTES     12
#define DIGEST_BYTES   64
#define SAVE_CHANGES   100U
#define CONFIG_BYTES   1024
#define FOLDER_PREFIX  "sharewatch-run-"
#define CONFIG_FILE    "mosquitto.conf"
#define HASHED_FILE    "passwords"
#define PASSWORD_FILE  "password"

/* ---- the program ---- */

static bool is_program(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

static bool find_in(const char *folders, char program[SW_BROKER_PATH_BYTES])
{
    while (folders != NULL && *folders != '\0') {
        size_t length = strcspn(folders, ":");
        int written =
            snprintf(program, SW_BROKER_PATH_BYTES, "%.*s/mosquitto", (int)length, folders);
        if (length != 0 && written < SW_BROKER_PATH_BYTES && is_program(program)) {
            return true;
        }
        folders += length;
        folders += *folders == ':';
    }
    return false;
}

/* Debian puts mosquitto where the PATH of ordinary users does not look. */
static bool find_program(char program[SW_BROKER_PATH_BYTES])
{
    const char *given = getenv("SHAREWATCH_MOSQUITTO");
    if (given != NULL) {
        (void)snprintf(program, SW_BROKER_PATH_BYTES, "%s", given);
        return is_program(given);
    }
    return find_in(getenv("PATH"), program) || find_in("/usr/sbin:/usr/local/sbin", program);
}

/* ---- the folder ---- */

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    (void)closedir(folder);
    (void)rmdir(path);
}

/* Removes what a run left in @place that was killed itself: the folder's name has its process. */
static void remove_leftovers(const char *place)
{
    DIR *folder = opendir(place);
    if (folder == NULL) {
        return;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[SW_BROKER_PATH_BYTES];
        struct stat info;
        long process = 0;
        if (strncmp(entry->d_name, FOLDER_PREFIX, sizeof(FOLDER_PREFIX) - 1) == 0) {
            process = strtol(entry->d_name + sizeof(FOLDER_PREFIX) - 1, NULL, 10);
        }
        (void)snprintf(path, sizeof(path), "%s/%s", place, entry->d_name);
        if (process > 1 && kill((pid_t)process, 0) != 0 && errno == ESRCH &&
            lstat(path, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid()) {
            remove_folder(path);
        }
    }
    (void)closedir(folder);
}

static bool make_folder_in(struct sw_broker *broker, const char *place)
{
    if (place == NULL || place[0] != '/') {
        return false;
    }
    remove_leftovers(place);
    int length = snprintf(broker->folder, sizeof(broker->folder), "%s/" FOLDER_PREFIX "%d-XXXXXX",
                          place, (int)getpid());
    return length < (int)sizeof(broker->folder) && mkdtemp(broker->folder) != NULL;
}

/* In memory where that is possible, see broker.h. */
static bool make_folder(struct sw_broker *broker)
{
    return make_folder_in(broker, getenv("XDG_RUNTIME_DIR")) ||
           make_folder_in(broker, "/dev/shm") || make_folder_in(broker, getenv("TMPDIR")) ||
           make_folder_in(broker, "/tmp");
}

static bool write_file(const struct sw_broker *broker, const char *name, const char *content)
{
    char path[SW_BROKER_PATH_BYTES + 16];
    (void)snprintf(path, sizeof(path), "%s/%s", broker->folder, name);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return false;
    }
    size_t length = strlen(content);
    bool written = write(descriptor, content, length) == (ssize_t)length;
    return close(descriptor) == 0 && written;
}

static void encode(const unsigned char *bytes, int count, char *text)
{
    (void)EVP_EncodeBlock((unsigned char *)text, bytes, count);
}

/* mosquitto's form of a password: $6$SALT$HASH, where HASH is SHA-512 over password and salt. One
 * round is enough for a password of 192 random bits. */
static bool write_passwords(const struct sw_broker *broker)
{
    unsigned char random[PASSWORD_BYTES];
    unsigned char salted[PASSWORD_CHARS + SALT_BYTES];
    unsigned char salt[SALT_BYTES];
    unsigned char digest[DIGEST_BYTES];
    char password[PASSWORD_CHARS + 1];
    char salt_text[SALT_BYTES * 2];
    char digest_text[DIGEST_BYTES * 2];
    if (RAND_bytes(random, sizeof(random)) != 1 || RAND_bytes(salt, sizeof(salt)) != 1) {
        return false;
    }
    encode(random, sizeof(random), password);
    encode(salt, sizeof(salt), salt_text);
    memcpy(salted, password, PASSWORD_CHARS);
    memcpy(salted + PASSWORD_CHARS, salt, SALT_BYTES);
    if (EVP_Digest(salted, sizeof(salted), digest, NULL, EVP_sha512(), NULL) != 1) {
        return false;
    }
    encode(digest, sizeof(digest), digest_text);
    char line[512];
    (void)snprintf(line, sizeof(line), "%s:$6$%s$%s\n", SW_BROKER_USER, salt_text, digest_text);
    bool written = write_file(broker, HASHED_FILE, line);
    (void)snprintf(line, sizeof(line), "%s\n", password);
    return write_file(broker, PASSWORD_FILE, line) && written;
}

/* Queues are bounded by bytes, not by number: a source that waits for receipts bounds them first.
 * As root mosquitto would change its user, lose its tether and the right to its folder. */
static bool write_config(const struct sw_broker *broker)
{
    char config[CONFIG_BYTES];
    int length =
        snprintf(config, sizeof(config),
                 "listener %u 127.0.0.1\n"
                 "allow_anonymous false\n"
                 "password_file %s/" HASHED_FILE "\n"
                 "persistence true\n"
                 "persistence_location %s/\n"
                 "autosave_on_changes true\n"
                 "autosave_interval %u\n"
                 "max_queued_messages 0\n"
                 "max_queued_bytes 268435456\n"
                 "max_inflight_messages 1000\n"
                 "max_packet_size 70000\n"
                 "set_tcp_nodelay true\n"
                 "log_dest stderr\n"
                 "log_type error\n"
                 "log_type warning\n"
                 "log_type information\n"
                 "log_timestamp false\n"
                 "%s",
                 broker->port, broker->folder, broker->folder,
                 broker->save_each ? 1U : SAVE_CHANGES, geteuid() == 0 ? "user root\n" : "");
    return length < (int)sizeof(config) && write_file(broker, CONFIG_FILE, config);
}

void sw_broker_remove_folder(struct sw_broker *broker)
{
    if (broker->folder[0] != '\0') {
        remove_folder(broker->folder);
        broker->folder[0] = '\0';
    }
}

/* ---- the port ---- */

/* A port that is free now. Another program may take it before mosquitto does; then we try again. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool bound = descriptor >= 0 &&
                 bind(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0 &&
                 getsockname(descriptor, (struct sockaddr *)&address, &length) == 0;
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    return bound ? ntohs(address.sin_port) : 0;
}

/* ---- its life ---- */

static enum sw_status launch(struct sw_broker *broker, char *sentence)
{
    broker->ready = false;
    broker->port_taken = false;
    if (!broker->port_given) {
        broker->port = free_port();
    }
    (void)snprintf(broker->url, sizeof(broker->url), "mqtt://127.0.0.1:%u", broker->port);
    if (broker->port == 0 || !write_config(broker)) {
        (void)snprintf(sentence, SW_CHILD_LINE_BYTES, "%s: cannot write the broker's files: %s",
                       broker->folder, strerror(errno));
        return SW_IO;
    }
    char config[SW_BROKER_PATH_BYTES + 16];
    (void)snprintf(config, sizeof(config), "%s/" CONFIG_FILE, broker->folder);
    const char *const arguments[] = {"mosquitto", "-c", config, NULL};
    return sw_child_start(&broker->child, broker->loop, broker->program, arguments, sentence);
}

/* mosquitto says on standard error when it listens, and when it cannot. */
static void on_line(struct sw_child *child, struct sw_text line)
{
    struct sw_broker *broker = child->context;
    char text[SW_CHILD_LINE_BYTES];
    (void)snprintf(text, sizeof(text), "%.*s", SW_TEXT_FORMAT(line));
    if (!broker->ready && strstr(text, "mosquitto version") != NULL &&
        strstr(text, "running") != NULL) {
        broker->ready = true;
        broker->port_given = true; // a new start comes back to where the clients look for it
        broker->on_ready(broker);
    }
    broker->port_taken = broker->port_taken || strstr(text, "Address already in use") != NULL;
}

static void fail(struct sw_broker *broker)
{
    char sentence[SW_CHILD_LINE_BYTES];
    char reason[128];
    if (broker->port_taken) {
        (void)snprintf(sentence, sizeof(sentence),
                       "port %u of 127.0.0.1 is taken by another program: give another one with "
                       "--port, or leave it out to get a free one",
                       broker->port);
    } else {
        sw_child_reason(&broker->child, reason, sizeof(reason));
        (void)snprintf(sentence, sizeof(sentence), "%s %s before it listened", broker->program,
                       reason);
    }
    broker->on_failed(broker, sentence);
}

static void on_child_end(struct sw_child *child)
{
    struct sw_broker *broker = child->context;
    if (broker->ready) {
        broker->ready = false;
        broker->on_end(broker);
        return;
    }
    char sentence[SW_CHILD_LINE_BYTES];
    if (!broker->port_taken || broker->port_given || broker->tries_left == 0) {
        fail(broker);
        return;
    }
    broker->tries_left--;
    if (launch(broker, sentence) != SW_OK) {
        broker->on_failed(broker, sentence);
    }
}

enum sw_status sw_broker_start(struct sw_broker *broker, uv_loop_t *loop, uint16_t port,
                               char *sentence)
{
    SW_ASSERT(broker->on_ready != NULL && broker->on_failed != NULL && broker->on_end != NULL);
    broker->loop = loop;
    broker->port = port;
    broker->port_given = port != 0;
    broker->tries_left = TRIES;
    broker->child.name = "broker";
    broker->child.context = broker;
    broker->child.on_error = on_line;
    broker->child.on_end = on_child_end;
    if (!find_program(broker->program)) {
        (void)snprintf(sentence, SW_CHILD_LINE_BYTES,
                       "mosquitto, the MQTT broker, is not there: apt-get install mosquitto");
        return SW_NOT_FOUND;
    }
    if (!make_folder(broker)) {
        (void)snprintf(sentence, SW_CHILD_LINE_BYTES, "cannot make a folder for the broker: %s: %s",
                       broker->folder, strerror(errno));
        broker->folder[0] = '\0';
        return SW_IO;
    }
    (void)snprintf(broker->password_file, sizeof(broker->password_file), "%s/" PASSWORD_FILE,
                   broker->folder);
    if (!write_passwords(broker)) {
        (void)snprintf(sentence, SW_CHILD_LINE_BYTES, "%s: cannot write the broker's files: %s",
                       broker->folder, strerror(errno));
        return SW_IO;
    }
    return launch(broker, sentence);
}

enum sw_status sw_broker_start_again(struct sw_broker *broker, char *sentence)
{
    SW_ASSERT(broker->port_given && broker->folder[0] != '\0');
    return launch(broker, sentence);
}

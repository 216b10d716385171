#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sharewatch/wire.h>

enum sw_status sw_witness_open(struct sw_witness *witness, const char *path,
                               char sentence[SW_LOG_SENTENCE_BYTES])
{
    *witness = (struct sw_witness){.descriptor = -1};
    if (path == NULL) {
        return SW_OK;
    }
    witness->descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (witness->descriptor < 0) {
        (void)snprintf(sentence, SW_LOG_SENTENCE_BYTES, "witness %s: %s", path, strerror(errno));
        return SW_IO;
    }
    return SW_OK;
}

void sw_witness_close(struct sw_witness *witness)
{
    if (witness->descriptor > 0) {
        (void)close(witness->descriptor);
    }
    witness->descriptor = -1;
}

void sw_witness_committed(struct sw_witness *witness, struct sw_log *log)
{
    if (log->note[0] != '\0') {
        memcpy(witness->committed, log->note, sizeof(witness->committed));
        log->note[0] = '\0';
    }
}

void sw_witness_syncing(struct sw_witness *witness)
{
    if (witness->committed[0] != '\0') {
        memcpy(witness->syncing, witness->committed, sizeof(witness->syncing));
        witness->committed[0] = '\0';
    }
}

/* sharewatch/v1/checkpoint/NAME, by what tells the log's name from others. */
static void write_topic(const char *note, char *topic, size_t capacity)
{
    size_t line = strcspn(note, "\n");
    size_t slash = strcspn(note, "/\n");
    const char *name = slash < line ? note + slash + 1 : note;
    (void)snprintf(topic, capacity, "sharewatch/v1/checkpoint/%.*s", (int)strcspn(name, "\n"),
                   name);
}

bool sw_witness_tell(struct sw_witness *witness, struct sw_inbox *inbox)
{
    char topic[SW_TOPIC_BYTES_MAX];
    char text[SW_LOG_NOTE_BYTES + 1];
    bool done = true;
    if (witness->syncing[0] == '\0') {
        return true;
    }
    int length = snprintf(text, sizeof(text), "%s\n", witness->syncing);
    if (witness->descriptor >= 0) {
        done = write(witness->descriptor, text, (size_t)length) == length;
    }
    if (inbox != NULL) {
        /* The next head, a second later, says all that a lost one would have said. */
        write_topic(witness->syncing, topic, sizeof(topic));
        enum sw_status status =
            sw_inbox_publish(inbox, topic, sw_text_from(witness->syncing), true, 0);
        (void)status;
    }
    witness->syncing[0] = '\0';
    return done;
}

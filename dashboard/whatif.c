/* Names of packs and edges were checked letter by letter (query.c), and the program is started
 * without a shell; nothing that a reader types can become an option or a path. */
#include "whatif.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sharewatch/yaml.h>

static void copy_scalar(const struct sw_yaml_node *node, const char *key, char *out,
                        size_t out_bytes)
{
    const struct sw_yaml_node *value = sw_yaml_get(node, key);
    (void)snprintf(out, out_bytes, "%.*s", value != NULL ? (int)value->text.length : 0,
                   value != NULL ? value->text.bytes : "");
}

static void add_pack(struct sw_whatif *whatif, const char *folder, const char *name)
{
    struct sw_whatif_pack *pack = &whatif->packs[whatif->pack_count];
    struct sw_report report = {0};
    struct sw_yaml yaml;
    char path[2 * SW_PATH_BYTES];
    if (strlen(name) >= sizeof(pack->name) || name[0] == '.') {
        return;
    }
    (void)snprintf(path, sizeof(path), "%s/%s/pack.yaml", folder, name);
    if (access(path, R_OK) != 0) {
        return;
    }
    if (sw_yaml_open(&yaml, path, &report) == SW_OK && yaml.document_count == 1) {
        (void)snprintf(pack->name, sizeof(pack->name), "%s", name);
        copy_scalar(yaml.documents[0], "title", pack->title, sizeof(pack->title));
        copy_scalar(yaml.documents[0], "version", pack->version, sizeof(pack->version));
        whatif->pack_count++;
    }
    sw_yaml_free(&yaml);
    sw_report_free(&report);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct sw_whatif_pack *)a)->name,
                  ((const struct sw_whatif_pack *)b)->name);
}

static void find_packs(struct sw_whatif *whatif)
{
    char folder[SW_PATH_BYTES];
    if (sw_data_path("policies", folder) != SW_OK) {
        return;
    }
    DIR *directory = opendir(folder);
    for (struct dirent *entry = directory != NULL ? readdir(directory) : NULL;
         entry != NULL && whatif->pack_count < SW_WHATIF_PACKS_MAX; entry = readdir(directory)) {
        add_pack(whatif, folder, entry->d_name);
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
    qsort(whatif->packs, whatif->pack_count, sizeof(whatif->packs[0]), by_name);
}

void sw_whatif_init(struct sw_whatif *whatif, uv_loop_t *loop, struct sw_http *http,
                    const char *log_path)
{
    memset(whatif, 0, sizeof(*whatif));
    whatif->log_path = log_path;
    sw_job_init(&whatif->job, loop, http, whatif->bytes, sizeof(whatif->bytes));
    find_packs(whatif);
}

enum sw_status sw_whatif_ask(struct sw_whatif *whatif, const struct sw_query *query, int64_t head,
                             struct MHD_Connection *connection)
{
    char asked[SW_JOB_ASKED_BYTES];
    const char *words[12] = {"diff", whatif->log_path, "--json"};
    uint32_t count = 3;
    const char *const policies[] = {query->policy_a, query->policy_b};
    for (int i = 0; i < 2; i++) {
        if (policies[i][0] != '\0') {
            words[count++] = "--policy";
            words[count++] = policies[i];
        }
    }
    if (query->without[0] != '\0') {
        words[count++] = "--without-edge";
        words[count++] = query->without;
    }
    (void)snprintf(asked, sizeof(asked), "%.120s|%.120s|%.120s|%lld", query->policy_a,
                   query->policy_b, query->without, (long long)head);
    return sw_job_ask(&whatif->job, words, asked, connection);
}

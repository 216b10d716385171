/* The page, its files, and the ways in: the one-time link and the sign-in. */
#include "call.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sharewatch/assert.h>

#include "assets.h"

#define PLACEHOLDER "@ASSETS@"
#define COOKIE_LINE 192

enum MHD_Result sw_serve_page_named(struct sw_call *call, const char *name, unsigned status)
{
    const struct sw_asset *asset = sw_asset_find(sw_text_from(name));
    struct sw_buffer out;
    char folder[sizeof(PLACEHOLDER) + 8];
    SW_ASSERT(asset != NULL);
    sw_buffer_init(&out, call->server->answer, sizeof(call->server->answer));
    (void)snprintf(folder, sizeof(folder), "%s",
                   call->server->asset_folder != NULL ? "dev" : sw_assets_hash);
    const char *at = asset->start;
    const char *found;
    while ((found = strstr(at, PLACEHOLDER)) != NULL) {
        sw_buffer_append(&out, (struct sw_text){.bytes = at, .length = (uint32_t)(found - at)});
        sw_buffer_append_string(&out, folder);
        at = found + strlen(PLACEHOLDER);
    }
    sw_buffer_append_string(&out, at);
    struct sw_reply reply = {.status = status, .type = asset->type};
    return sw_http_reply(call->connection, &reply, sw_buffer_text(&out));
}

enum MHD_Result sw_serve_page(struct sw_call *call)
{
    return sw_serve_page_named(call, "index.html", MHD_HTTP_OK);
}

static enum MHD_Result asset_from_folder(struct sw_call *call, const struct sw_asset *asset)
{
    struct sw_server *server = call->server;
    char path[SW_PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/%s", server->asset_folder, asset->name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? -1 : read(file, server->answer, sizeof(server->answer));
    if (file >= 0) {
        (void)close(file);
    }
    if (got < 0) {
        return sw_call_fail(call, MHD_HTTP_NOT_FOUND, "not_found", "There is no such file.", path);
    }
    struct sw_reply reply = {.status = MHD_HTTP_OK, .type = asset->type};
    return sw_http_reply(call->connection, &reply,
                         (struct sw_text){.bytes = server->answer, .length = (uint32_t)got});
}

/* /a/HASH/NAME: only names of the table exist, so no path leads out of it. */
enum MHD_Result sw_serve_asset(struct sw_call *call)
{
    struct sw_server *server = call->server;
    struct sw_text rest = call->routed.name;
    const char *folder = server->asset_folder != NULL ? "dev" : sw_assets_hash;
    struct sw_text prefix = sw_text_from(folder);
    const struct sw_asset *asset = NULL;
    if (sw_text_starts_with(rest, prefix) && rest.length > prefix.length + 1 &&
        rest.bytes[prefix.length] == '/') {
        asset = sw_asset_find((struct sw_text){.bytes = rest.bytes + prefix.length + 1,
                                               .length = rest.length - prefix.length - 1});
    }
    if (asset == NULL) {
        return sw_call_fail(call, MHD_HTTP_NOT_FOUND, "not_found", "There is no such file.",
                            "Load the page anew: the dashboard may have been updated.");
    }
    if (server->asset_folder != NULL) {
        return asset_from_folder(call, asset);
    }
    struct sw_reply reply = {
        .status = MHD_HTTP_OK, .type = asset->type, .cache = "public, max-age=31536000, immutable"};
    return sw_http_reply_static(
        call->connection, &reply,
        (struct sw_text){.bytes = asset->start, .length = (uint32_t)(asset->end - asset->start)});
}

enum MHD_Result sw_serve_icon(struct sw_call *call)
{
    const struct sw_asset *asset = sw_asset_find(SW_TEXT("icon.svg"));
    SW_ASSERT(asset != NULL);
    struct sw_reply reply = {
        .status = MHD_HTTP_OK, .type = asset->type, .cache = "public, max-age=86400"};
    return sw_http_reply_static(
        call->connection, &reply,
        (struct sw_text){.bytes = asset->start, .length = (uint32_t)(asset->end - asset->start)});
}

/* Sessions. */

static enum MHD_Result reply_session(struct sw_call *call, const struct sw_session *session,
                                     unsigned status, struct sw_text body)
{
    struct sw_server *server = call->server;
    char cookie[COOKIE_LINE];
    (void)snprintf(cookie, sizeof(cookie), "%s=%s; Path=/; HttpOnly; SameSite=Strict%s",
                   server->cookie, session->secret, server->tls ? "; Secure" : "");
    struct sw_reply reply = {.status = status,
                             .type = body.length > 0 ? "application/json" : NULL,
                             .header = "Set-Cookie",
                             .value = cookie,
                             .location = status == MHD_HTTP_SEE_OTHER ? "/" : NULL};
    return sw_http_reply(call->connection, &reply, body);
}

enum MHD_Result sw_serve_open(struct sw_call *call)
{
    struct sw_server *server = call->server;
    struct sw_session *session =
        sw_access_redeem(&server->access, call->routed.name, sw_call_steady_ms());
    if (session == NULL) {
        return sw_serve_page_named(call, "closed.html", MHD_HTTP_FORBIDDEN);
    }
    if (server->link_used != NULL) {
        server->link_used(server);
    }
    return reply_session(call, session, MHD_HTTP_SEE_OTHER, SW_TEXT(""));
}

enum MHD_Result sw_serve_login(struct sw_call *call)
{
    struct sw_server *server = call->server;
    struct sw_login_request request;
    if (sw_body_login(call->body, &request, &call->problem) != SW_OK) {
        return sw_call_fail(call, MHD_HTTP_BAD_REQUEST, "body", call->problem.message,
                            call->problem.hint);
    }
    struct sw_session *session =
        sw_access_login(&server->access, request.name, request.password, sw_call_steady_ms());
    explicit_bzero(&request, sizeof(request));
    if (session == NULL) {
        return sw_call_fail(call, MHD_HTTP_FORBIDDEN, "login", "Name and password do not fit.",
                            "Wait a moment between attempts.");
    }
    return reply_session(call, session, MHD_HTTP_OK, SW_TEXT("{}"));
}

/* Any bytes as the body of a POST: a review, a case, a sign-in. What is accepted is within its
 * bounds; what is refused has a sentence. */
#include <string.h>

#include "body.h"
#include "fuzz.h"

static void check_review(struct sw_text body)
{
    static struct sw_review_request request;
    struct sw_query_problem problem = {.message = ""};
    if (sw_body_review(body, &request, &problem) != SW_OK) {
        SW_ASSERT(problem.message[0] != '\0');
        return;
    }
    SW_ASSERT(request.action <= SW_REVIEW_UNDO);
    SW_ASSERT(request.id_count <= SW_REVIEW_IDS_MAX);
    SW_ASSERT(strlen(request.note) < SW_NOTE_BYTES);
    for (uint32_t i = 0; i < request.id_count; i++) {
        SW_ASSERT(request.ids[i] >= 0);
    }
}

static void check_case(struct sw_text body)
{
    static struct sw_case_request request;
    struct sw_query_problem problem = {.message = ""};
    if (sw_body_case(body, &request, &problem) != SW_OK) {
        SW_ASSERT(problem.message[0] != '\0');
        return;
    }
    SW_ASSERT(request.chain_count >= 1 && request.chain_count <= SW_CASE_CHAINS_MAX);
    SW_ASSERT(strpbrk(request.number, " /<>\"'") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct sw_login_request login;
    struct sw_query_problem problem = {.message = ""};
    struct sw_text body = {.bytes = (const char *)bytes, .length = (uint32_t)length};
    if (length > SW_BODY_BYTES) {
        return 0;
    }
    check_review(body);
    check_case(body);
    SW_ASSERT(sw_body_login(body, &login, &problem) == SW_OK || problem.message[0] != '\0');
    return 0;
}

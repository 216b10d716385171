/* Which path and method ask for what. */
#include "sw_test.h"

#include "route.h"

static struct sw_routed find(const char *method, const char *path)
{
    return sw_route_find(sw_text_from(method), sw_text_from(path));
}

static void finds_paths_with_numbers_and_names(void **state)
{
    (void)state;
    assert_int_equal(find("GET", "/").route, SW_ROUTE_PAGE);
    assert_int_equal(find("HEAD", "/api/alerts").route, SW_ROUTE_ALERTS);
    struct sw_routed alert = find("GET", "/api/alerts/4112");
    assert_int_equal(alert.route, SW_ROUTE_ALERT);
    assert_int_equal(alert.id, 4112);
    assert_int_equal(find("GET", "/api/alerts/4112/evidence").id, 4112);
    struct sw_routed asset = find("GET", "/a/9f3a/app.js");
    assert_int_equal(asset.route, SW_ROUTE_ASSET);
    assert_text_equal(asset.name, "9f3a/app.js");
    struct sw_routed timeline = find("GET", "/api/cases/OIG-2026-031/timeline");
    assert_int_equal(timeline.route, SW_ROUTE_TIMELINE);
    assert_text_equal(timeline.name, "OIG-2026-031");
}

static void takes_the_rows_of_a_page_by_its_address_and_a_suffix(void **state)
{
    (void)state;
    struct sw_routed alerts = find("GET", "/alerts.json");
    assert_int_equal(alerts.route, SW_ROUTE_ALERTS);
    assert_string_equal(alerts.list, "");
    struct sw_routed file = find("GET", "/events.csv");
    assert_int_equal(file.route, SW_ROUTE_EXPORT_CSV);
    assert_string_equal(file.list, "events");
    assert_int_equal(find("GET", "/events/12.json").id, 12);
    struct sw_routed one = find("GET", "/cases/OIG-2026.031.json");
    assert_int_equal(one.route, SW_ROUTE_TIMELINE);
    assert_text_equal(one.name, "OIG-2026.031");
    assert_int_equal(find("GET", "/cases/OIG-2026.031").route, SW_ROUTE_PAGE);
    assert_null(find("GET", "/api/alerts").list);
    assert_int_equal(find("GET", "/alerts/1.csv").route, SW_ROUTE_NONE);
    assert_int_equal(find("GET", "/help.json").route, SW_ROUTE_NONE);
}

static void tells_reading_from_writing(void **state)
{
    (void)state;
    assert_int_equal(find("POST", "/api/reviews").route, SW_ROUTE_REVIEW_POST);
    assert_int_equal(find("GET", "/api/reviews").route, SW_ROUTE_REVIEWS);
    struct sw_routed wrong = find("DELETE", "/api/alerts/1");
    assert_int_equal(wrong.route, SW_ROUTE_NOT_METHOD);
    assert_string_equal(wrong.allow, "GET, HEAD");
    assert_string_equal(find("GET", "/api/login").allow, "POST");
    assert_string_equal(find("PUT", "/api/cases").allow, "GET, HEAD, POST");
}

static void knows_no_other_path(void **state)
{
    (void)state;
    static const char *const none[] = {
        "",
        "//",
        "/api",
        "/api/",
        "/api/alerts/",
        "/api/alerts/0",
        "/api/alerts/01",
        "/api/alerts/-1",
        "/api/alerts/1x",
        "/api/alerts/9999999999999999999999",
        "/api/alerts/../alerts",
        "/a/",
        "/cases//timeline",
        "/open/",
        "/etc/passwd",
        "/API/alerts",
    };
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_int_equal(find("GET", none[i]).route, SW_ROUTE_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_paths_with_numbers_and_names),
        cmocka_unit_test(takes_the_rows_of_a_page_by_its_address_and_a_suffix),
        cmocka_unit_test(tells_reading_from_writing),
        cmocka_unit_test(knows_no_other_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

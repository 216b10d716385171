/* Starts real brokers. Like sharewatch-monitor, this program is its own tether. */
#include "sw_test.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker.h"

struct scene {
    uv_loop_t loop;
    struct sw_broker broker;
    uint32_t readies;
    uint32_t ends;
    uint32_t starts_wanted;
    uint16_t first_port;
    char failure[SW_CHILD_LINE_BYTES];
    char mosquitto_pub[1024]; // run when ready; empty: nothing
    int pub_status;
};

static void on_ready(struct sw_broker *broker)
{
    struct scene *scene = broker->context;
    scene->readies++;
    if (scene->first_port == 0) {
        scene->first_port = broker->port;
    }
    if (scene->mosquitto_pub[0] != '\0') {
        char command[2048];
        (void)snprintf(
            command, sizeof(command),
            scene->mosquitto_pub[0] == '+'
                ? "mosquitto_pub -p %u -u sharewatch -P \"$(cat %s)\" -t x -m y -q 1 2>/dev/null"
                : "mosquitto_pub -p %u -t x -m y -q 1 2>/dev/null # %s",
            broker->port, broker->password_file);
        scene->pub_status = system(command);
    }
    if (scene->readies < scene->starts_wanted) {
        sw_child_signal(&broker->child, SIGKILL);
    } else {
        sw_child_stop(&broker->child, 1000);
    }
}

static void on_failed(struct sw_broker *broker, const char *sentence)
{
    struct scene *scene = broker->context;
    (void)snprintf(scene->failure, sizeof(scene->failure), "%s", sentence);
}

static void on_end(struct sw_broker *broker)
{
    struct scene *scene = broker->context;
    char sentence[SW_CHILD_LINE_BYTES];
    scene->ends++;
    if (scene->ends < scene->starts_wanted) {
        assert_int_equal(sw_broker_start_again(broker, sentence), SW_OK);
    }
}

static enum sw_status start(struct scene *scene, uint16_t port)
{
    scene->broker.context = scene;
    scene->broker.save_each = true;
    scene->broker.on_ready = on_ready;
    scene->broker.on_failed = on_failed;
    scene->broker.on_end = on_end;
    assert_int_equal(uv_loop_init(&scene->loop), 0);
    return sw_broker_start(&scene->broker, &scene->loop, port, scene->failure);
}

static void run(struct scene *scene)
{
    (void)alarm(60);
    assert_int_equal(uv_run(&scene->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&scene->loop), 0);
}

static void listens_on_a_free_port_and_cleans_up(void **state)
{
    (void)state;
    static struct scene scene;
    scene = (struct scene){.starts_wanted = 1, .mosquitto_pub = "+"};

    assert_int_equal(start(&scene, 0), SW_OK);
    char folder[SW_BROKER_PATH_BYTES];
    (void)snprintf(folder, sizeof(folder), "%s", scene.broker.folder);
    struct stat info;
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    assert_int_equal(stat(scene.broker.password_file, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    run(&scene);

    assert_int_equal(scene.readies, 1);
    assert_int_equal(scene.ends, 1);
    assert_int_equal(scene.pub_status, 0); // the password is the right one
    sw_broker_remove_folder(&scene.broker);
    assert_int_not_equal(stat(folder, &info), 0);
}

static void takes_nobody_without_the_password(void **state)
{
    (void)state;
    static struct scene scene;
    scene = (struct scene){.starts_wanted = 1, .mosquitto_pub = "-"};

    assert_int_equal(start(&scene, 0), SW_OK);
    run(&scene);

    assert_int_equal(scene.readies, 1);
    assert_int_not_equal(scene.pub_status, 0);
    sw_broker_remove_folder(&scene.broker);
}

static void comes_back_to_its_port_after_being_killed(void **state)
{
    (void)state;
    static struct scene scene;
    scene = (struct scene){.starts_wanted = 3};

    assert_int_equal(start(&scene, 0), SW_OK);
    run(&scene);

    assert_int_equal(scene.readies, 3);
    assert_int_equal(scene.ends, 3);
    assert_int_equal(scene.broker.port, scene.first_port);
    sw_broker_remove_folder(&scene.broker);
}

static void says_that_the_port_is_taken(void **state)
{
    (void)state;
    static struct scene scene;
    scene = (struct scene){.starts_wanted = 1};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int holder = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(holder, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(holder, 1), 0);
    assert_int_equal(getsockname(holder, (struct sockaddr *)&address, &length), 0);

    assert_int_equal(start(&scene, ntohs(address.sin_port)), SW_OK);
    run(&scene);

    assert_int_equal(scene.readies, 0);
    assert_non_null(strstr(scene.failure, "is taken by another program"));
    sw_broker_remove_folder(&scene.broker);
    (void)close(holder);
}

static void says_that_mosquitto_is_missing(void **state)
{
    (void)state;
    static struct scene scene;
    scene = (struct scene){0};
    assert_int_equal(setenv("SHAREWATCH_MOSQUITTO", "/nowhere/mosquitto", 1), 0);

    assert_int_equal(start(&scene, 0), SW_NOT_FOUND);

    assert_int_equal(unsetenv("SHAREWATCH_MOSQUITTO"), 0);
    assert_non_null(strstr(scene.failure, "apt-get install mosquitto"));
    assert_string_equal(scene.broker.folder, "");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "tether") == 0) {
        return sw_child_tether(argc - 1, argv + 1);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listens_on_a_free_port_and_cleans_up),
        cmocka_unit_test(takes_nobody_without_the_password),
        cmocka_unit_test(comes_back_to_its_port_after_being_killed),
        cmocka_unit_test(says_that_the_port_is_taken),
        cmocka_unit_test(says_that_mosquitto_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

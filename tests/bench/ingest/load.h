/**
 * The load: events of about 450 bytes, one in ten of which makes an alert, sent at a rate or as
 * fast as the other side acknowledges, either as the broker itself or through one.
 */
#ifndef SHAREWATCH_LOAD_H
#define SHAREWATCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_ALERT_EVERY 10
#define LOAD_WINDOW      1000 // unacknowledged at once, at full speed and otherwise

struct load {
    uint32_t events;   // to send
    uint32_t rate;     // events a second; 0: as fast as possible
    char instance[24]; // goes into the sources' names, so that every load is new to a log

    /* Results. */
    double seconds;        // from the first send until everything was receipted
    double p50_ms, p99_ms; // from send to alert
    uint32_t alerts;       // that came back
};

/** A socket that listens on a free port of the loopback interface. */
int load_listen(uint16_t *port);

/**
 * Waits for a client at @listener, takes its subscription, and sends @load to it, being its broker.
 * @before is called with @context when the client is ready. False: it took more than a minute, or
 * the client went away.
 */
bool load_serve(int listener, struct load *load, void (*before)(void *), void *context);

/** The same through the broker at @port, at which a subscriber waits already. */
bool load_publish(uint16_t port, struct load *load, void (*before)(void *), void *context);

#endif

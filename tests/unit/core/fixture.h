/**
 * What the tests of the pipeline share: a small map of the central case, and packets made from one
 * line of JSON each.
 */
#ifndef SHAREWATCH_CORE_FIXTURE_H
#define SHAREWATCH_CORE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "sw_test.h"

#include <sharewatch/pipeline.h>
#include <sharewatch/time.h>
#include <sharewatch/wire.h>

#define NOW_MS INT64_C(1795687200000) // 2026-11-26T10:00:00Z

static const char fixture_map_text[] =
    "map: small\n"
    "version: 2026-11-01\n"
    "title: A small map\n"
    "agencies:\n"
    "  LAPD: {name: Los Angeles Police Department, class: local}\n"
    "  LASD: {name: the sheriff, class: county}\n"
    "  SISTER: {name: another police agency, class: local}\n"
    "  CADOJ: {name: California Department of Justice, class: state}\n"
    "  FBI: {name: FBI, class: fed_nonimm}\n"
    "  ICE: {name: ICE, class: fed_imm}\n"
    "  HSI: {name: HSI, class: fed_imm}\n"
    "nodes:\n"
    "  JAIL: {name: LAPD jail, agency: LAPD, source: own knowledge}\n"
    "  LIVESCAN: {name: Live Scan, agency: LASD, source: own knowledge}\n"
    "  LACRIS: {name: LACRIS, agency: LASD, source: own knowledge}\n"
    "  STATE: {name: state print system, agency: CADOJ, source: own knowledge}\n"
    "  NGI: {name: FBI prints (NGI), agency: FBI, source: own knowledge}\n"
    "  IDENT: {name: DHS print store, agency: ICE, immigration: true, source: sourced S31}\n"
    "  LESC: {name: ICE support centre, agency: ICE, immigration: true, source: sourced S31}\n"
    "  ERO: {name: ICE in Los Angeles, agency: ICE, immigration: true, source: sourced S31}\n"
    "  ALPR: {name: LAPD plate store, agency: LAPD, source: own knowledge}\n"
    "  SISTER: {name: another agency, agency: SISTER, source: own knowledge}\n"
    "edges:\n"
    "  E01: {name: Booking prints are searched locally, from: JAIL, via: [LIVESCAN], to: LACRIS,\n"
    "        data: [prints, demographics], events: [booking.booked, fingerprint.submitted],\n"
    "        mode: mandated, delay: {typical: 3m, max: 2h, text: minutes}, basis: Pen. Code "
    "13150,\n"
    "        off_switch: Legislature, source: own knowledge,\n"
    "        default: [{verdict: NONE, level: 0}]}\n"
    "  E02: {name: Booking prints go to the state, from: [LACRIS], to: STATE, data: [prints],\n"
    "        events: [fingerprint.submitted], mode: [automatic, mandated],\n"
    "        delay: {typical: 5m}, basis: Pen. Code 13150, off_switch: Legislature,\n"
    "        source: own knowledge, default: [{verdict: NONE, level: 0}]}\n"
    "  E03: {name: State sends prints to the FBI, from: [STATE], to: [NGI], data: [prints],\n"
    "        events: [fingerprint.submitted], mode: [automatic], delay: {typical: 20m},\n"
    "        basis: 28 USC 534, off_switch: California Department of Justice, source: sourced "
    "S48,\n"
    "        default: [{verdict: NONE, level: 0}]}\n"
    "  E04: {name: FBI searches the DHS store with the prints, from: [NGI], to: [IDENT],\n"
    "        data: [prints], events: [fingerprint.searched, fingerprint.unmatched],\n"
    "        mode: [automatic, federal], delay: {typical: 1m, max: 10m, text: a minute},\n"
    "        basis: 8 USC 1722, off_switch: 'Congress, DHS and FBI only', source: sourced S28,\n"
    "        default: [{verdict: AUTO, level: 1}]}\n"
    "  E05: {name: Prints matched in the DHS store, from: [IDENT], to: [LESC], data: [prints],\n"
    "        events: [fingerprint.matched], mode: [automatic, federal], delay: {typical: 5m},\n"
    "        basis: 8 USC 1722, off_switch: Congress and DHS only, source: sourced S28,\n"
    "        default: [{verdict: AUTO, level: 2}]}\n"
    "  E08: {name: Jail tells ICE of a release, from: [JAIL], to: [ERO], data: [release_time],\n"
    "        events: [notice.sent, notice.answered], mode: [discretionary, prohibited],\n"
    "        basis: 'Gov. Code 7284.6(a)(1)(C)', off_switch: 'Council, Chief', source: sourced "
    "S2,\n"
    "        default: [{when: {public_already: true}, verdict: DISC, level: 3},\n"
    "                  {verdict: REVIEW, level: 3}]}\n"
    "  E19: {name: Plate results go to another agency, from: [ALPR], to: [SISTER],\n"
    "        data: [alpr_search_result], events: [plate.search, plate.share],\n"
    "        mode: [discretionary], basis: Civ. Code 1798.90.55(b), off_switch: Chief,\n"
    "        source: sourced S5, arms: [E23], default: [{verdict: NONE, level: 0}]}\n"
    "  E23: {name: Another agency passes plate results on, from: [SISTER], to: [ERO],\n"
    "        data: [alpr_search_result], events: [plate.share], mode: [prohibited, third_party],\n"
    "        basis: Civ. Code 1798.90.55(b), off_switch: LAPD can revoke the share,\n"
    "        source: sourced S1, default: [{verdict: REVIEW, level: 3}]}\n";

/* A map from @text; a mistake in it fails the test and is printed. */
static inline void fixture_map(struct sw_map *map, const char *text)
{
    struct sw_report report = {0};
    enum sw_status status = sw_map_parse(map, "small.yaml", sw_text_from(text), &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    assert_int_equal(status, SW_OK);
}

static inline struct sw_pipeline *fixture_pipeline(const struct sw_map *map, struct sw_rules rules)
{
    void *memory = calloc(1, sw_pipeline_bytes());
    assert_non_null(memory);
    struct sw_pipeline_config config = {.map = map, .rules = rules};
    return sw_pipeline_init(memory, &config);
}

static inline struct sw_packet fixture_packet(const char *topic, struct sw_text payload)
{
    return (struct sw_packet){
        .topic = sw_text_from(topic), .payload = payload, .received_ms = NOW_MS};
}

#endif

# Writes a pack of COUNT rules into FOLDER: awk -v folder=FOLDER -v count=COUNT -f rules.awk
# Each asks for one or two values of three to five fields, half of them with an exception, as rules of packs
# do; all apply to every kind of event. The same count gives the same rules.
function number(limit) { # below @limit; Lehmer's generator
    state = (state * 48271) % 2147483647
    return state % limit
}
function pick(field, picked, text, i, n, values) {
    n = split(list[field], values, " ")
    text = values[1 + number(n)]
    picked = " " text " "
    for (i = number(2); i > 0; i--) {
        value = values[1 + number(n)]
        if (index(picked, " " value " ") == 0) {
            picked = picked value " "
            text = text ", " value
        }
    }
    return "[" text "]"
}
function selection(name, items, file, i, field) {
    print "    " name ":" > file
    field = number(fields)
    for (i = 0; i < items; i++) {
        print "        " names[field] ": " pick(field) > file
        field = (field + 1 + number(int(fields / 5))) % fields
    }
}
function add(name, values) {
    names[fields] = name
    list[fields++] = values
}
BEGIN {
    state = 20261124
    fields = 0
    agencies = "LAPD LASD ICE CBP HSI FBI CHP FLOCK JRIC OOS-AZ OOS-CO OOS-FL OOS-TX PASADENA-PD GLENDALE-PD"
    classes = "local county state oos fed_nonimm fed_imm vendor private court public"
    add("action", "booked searched matched read hit search share stopped sent requested answered held")
    add("actor.agency", agencies)
    add("actor.class", classes)
    add("actor.system", "LAPD-JAIL NGI IDENT LESC LAPD-ALPR FLOCK CLETS OOS")
    add("actor.role", "jail_clerk patrol_officer detective task_force_officer analyst system")
    add("recipient.agency", agencies)
    add("recipient.class", classes)
    add("recipient.system", "NGI IDENT LESC PERC ERO-LA HSI-LA FLOCK JRIC OOS SISTER")
    add("data_class", "prints arrest release_time status crim_history alpr_read alpr_search_result setting")
    add("trigger", "automation request_in officer_initiated config_change vendor_fault")
    add("purpose_code", "criminal immigration admin unknown")
    add("instrument", "none I-247A I-200 I-205 judicial_warrant judicial_pc court_order")
    add("custody_state", "pre_booking booked held bailed cited released")
    add("charge_class", "F M I wobbler")
    add("conviction_basis", "none a1 a2 a3 a4 a5 prop47 unknown")
    add("share_scope", "one_to_one state national")
    add("outcome", "complied declined partial pending no_record bond served")
    add("public_already", "'true' 'false' unknown")
    add("flow.crosses", "none reachable direct")
    add("mode", "automatic mandated discretionary prohibited third_party federal")
    add("reason|contains", "hold detainer removal homicide narcotics")
    print "pack: bench\nversion: 2026-11-24\ntitle: Rules to measure with\nlayer: city\n" \
        "about: Made by tests/bench/replay; they mean nothing." > (folder "/pack.yaml")
    for (rule = 1; rule <= count; rule++) {
        file = sprintf("%s/bench_%04d.yml", folder, rule)
        printf "title: Rule %d to measure with\nname: bench_%04d\n", rule, rule > file
        print "logsource: {product: sharewatch}\ndetection:" > file
        selection("selection", 3 + number(3), file)
        exception = number(2)
        if (exception) {
            selection("filter", 1 + number(2), file)
        }
        print "    condition: selection" (exception ? " and not filter" : "") > file
        print "x_policy: {verdict: DISC, cite: made up}" > file
        close(file)
    }
}

#!/usr/bin/env bash
# `sharewatch ways`: where data goes by itself, and who could stop it.
. "$(dirname "$0")/../support/system.sh"

# The article's chain: a booking's prints reach the DHS store over four edges, none of them local choice.
run "$SHAREWATCH" ways --from LAPD-JAIL --data prints
expect_status 0
expect_out "LAPD-JAIL, prints: 4 hops, about "
expect_out "› DHS print store"
expect_out "E01  off switch: Legislature; a cite-and-release policy avoids it"
expect_out "E04  off switch: Congress, DHS and the FBI only; no local switch"

# The federal link has no local switch; not fingerprinting has.
run "$SHAREWATCH" ways --from LAPD-JAIL --data prints --without E01
expect_status 0
expect_out "LAPD-JAIL, prints: no automatic way"

# The whole map: jail feeds are there, plate reads go nowhere by themselves.
run "$SHAREWATCH" ways
expect_status 0
expect_out "LASD-AJIS, "
expect_no_out "LAPD-ALPR, alpr_read: "
expect_out "reach an immigration component by themselves."

run "$SHAREWATCH" ways --json --from NGI --data prints
expect_status 0
expect_out '"from":"NGI","data_class":"prints","hops":1'
expect_out '"edge":"E04","to":"IDENT"'

run "$SHAREWATCH" ways --from LAPD-JIAL
expect_status 2
expect_err "the map has no system 'LAPD-JIAL'; did you mean LAPD-JAIL?"
run "$SHAREWATCH" ways --without E99
expect_status 2
expect_err "the map has no edge 'E99'"
run "$SHAREWATCH" ways --data fingerprints
expect_status 2
expect_err "there is no class of data 'fingerprints'"
run "$SHAREWATCH" ways "$WORK/nowhere.yaml"
expect_status 3
expect_err "$WORK/nowhere.yaml: error: cannot be read"

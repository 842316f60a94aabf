#!/bin/sh
# Hands a batch to a command only if scrub finds no error in it.
#
#     pre-submission-gate.sh BATCH COMMAND [ARGUMENT...]
#
# The batch's name is the command's last argument. Exit codes: the command's own if it was run; 1 if
# the batch is held back (its worklist is next to it); 2 if not everything could be checked, as where
# a modifier column or a payer of 77092 is not known: the batch is held back too, with the reason.
#
# The check ignores scrub.yaml, scrub-accepted.yaml, SCRUB_ variables and saved layouts, since each
# could let errors pass.
# What your office has answered is named here instead:
policies=''  # folder of your own policies
layout=''    # layout of the batch: the file that scrub columns --save names
payers=''    # YAML file with your payer names, which scrub payers BATCH --save FILE writes
accepted=''  # scrub-accepted.yaml: findings that scrub accept leaves as they are
without=''   # columns that the batch lacks on purpose: modifiers payer date

set -u
[ $# -ge 2 ] || { echo "name a batch, then the command that submits it" >&2; exit 2; }
batch=$1
shift
case $batch:$1 in
    -* | *:-*) echo "options of the check are set in this script, not given to it" >&2; exit 2 ;;
esac

for name in $(env | sed -n 's/^\(SCRUB_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
code=0
# shellcheck disable=SC2046 - one argument for each word
scrub "$batch" --isolated --strict --quiet --fail-on error --output "$batch.worklist.csv" \
    ${policies:+--policies "$policies"} ${layout:+--layout "$layout"} ${payers:+--payers "$payers"} \
    ${accepted:+--accepted "$accepted"} \
    $(for columns in $without; do echo "--without $columns"; done) || code=$?
case $code in
    0) exec "$@" "$batch" ;;
    1) echo "held back: see $batch.worklist.csv" >&2; exit 1 ;;
    *) echo "held back: not everything in $batch could be checked" >&2; exit 2 ;;
esac

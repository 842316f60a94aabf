#!/bin/sh
# Hands a batch to a command only where scrub finds no error in it.
#
#     pre-submission-gate.sh BATCH COMMAND [ARGUMENT...]
#
# The command gets the batch's name as its last argument. Exit codes: the command's own where it was
# run; 1 where the batch is held back (its worklist stands beside it); 2 where not all of it could
# be checked, so that nothing is known and it is held back too.
set -u
batch=${1:?name a batch, then the command that submits it}
shift
[ $# -gt 0 ] || { echo "name the command that submits the batch" >&2; exit 2; }

code=0
scrub "$batch" --quiet --fail-on error --output "$batch.worklist.csv" || code=$?
case $code in
    0) exec "$@" "$batch" ;;
    1) echo "held back: see $batch.worklist.csv" >&2; exit 1 ;;
    *) echo "held back: not all of $batch could be checked" >&2; exit 2 ;;
esac

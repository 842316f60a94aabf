#!/bin/sh
# Hands a batch to a command only where scrub finds no error in it.
#
#     pre-submission-gate.sh BATCH COMMAND [ARGUMENT...]
#
# The command gets the batch's name as its last argument. Exit codes: the command's own where it was
# run; 1 where the batch is held back (its worklist stands beside it); 2 where not all of it could
# be checked, so that nothing is known and it is held back too.
#
# No scrub.yaml and no SCRUB_ variable reaches this check, since either may let errors pass: what it
# is to go by stands below. Policies of your own: add --policies FOLDER.
set -u
[ $# -ge 2 ] || { echo "name a batch, then the command that submits it" >&2; exit 2; }
batch=$1
shift

for name in $(env | sed -n 's/^\(SCRUB_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
code=0
scrub "$batch" --isolated --quiet --fail-on error --output "$batch.worklist.csv" || code=$?
case $code in
    0) exec "$@" "$batch" ;;
    1) echo "held back: see $batch.worklist.csv" >&2; exit 1 ;;
    *) echo "held back: not all of $batch could be checked" >&2; exit 2 ;;
esac

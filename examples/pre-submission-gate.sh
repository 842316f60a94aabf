#!/bin/sh
# Hands a batch to a command only if scrub finds no error in it.
#
#     pre-submission-gate.sh BATCH COMMAND [ARGUMENT...]
#
# The batch's name is the command's last argument. Exit codes: the command's own if it was run; 1 if
# the batch is held back (its worklist is next to it); 2 if not everything could be checked, so the
# batch is held back too.
#
# The check ignores scrub.yaml and SCRUB_ variables, since either could let errors pass: its options
# are those below. To use your own policies, add --policies FOLDER.
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
    *) echo "held back: not everything in $batch could be checked" >&2; exit 2 ;;
esac

"""Documents for whoever asks why: a claim rule by rule, and what a change of policy does."""

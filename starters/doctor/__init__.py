"""What ``dripstone doctor`` looks at: one file a subject, each answering findings."""

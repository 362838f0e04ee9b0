//! Integration tests: one binary, one folder per subject.

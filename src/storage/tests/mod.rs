//! Contract tests: written against the repositories, so that each database can run them.

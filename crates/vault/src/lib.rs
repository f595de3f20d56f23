//! Secrets at rest and in use: no permit, no secret.

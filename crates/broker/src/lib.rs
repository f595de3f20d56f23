//! The conductor: sessions, one call's journey, approvals, events.

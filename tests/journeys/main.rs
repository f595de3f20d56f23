//! Whole stories: the real wallet between real agents and real servers. One file a story; what withstands an attack of
//! the threat list is named `threat_NN_…`.

mod approvals;
mod bad_input;
mod bridge;
mod canaries;
mod conformance;
mod conformance_bridge;
mod crash;
mod differential;
mod door;
mod door_attacks;
mod ending;
mod eras;
mod everything;
mod first_call;
mod joining;
mod keyring;
mod lists;
mod login;
mod looks;
mod redaction;
mod refresh;
mod revocation;
mod soak;
mod streaming;
mod upstreams;

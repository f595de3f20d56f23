//! Decides every call, and is the only maker of a permit.

//! What may come through the control socket, and what may not.

mod authority;
mod hostile;
mod words;

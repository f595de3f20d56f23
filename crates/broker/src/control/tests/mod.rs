//! What may come through the control socket, and what may not.

mod hostile;
mod words;

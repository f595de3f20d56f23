//! The tools, by what they are there to show.

mod behaviour;
mod notes;

//! The playground from outside, over HTTP.

#[cfg(test)]
mod login;
#[cfg(test)]
mod stranger;
#[cfg(test)]
mod workshop;

//! Logins from outside: against the playground, and against servers that misbehave in one way each.

#[cfg(test)]
mod browser;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod login;
#[cfg(test)]
mod refresh;
#[cfg(test)]
mod world;

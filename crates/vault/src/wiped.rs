//! JSON in memory that is wiped, also where it had to grow.

use crate::VaultError;
use serde::Serialize;
use std::io;
use zeroize::Zeroizing;

/// A buffer that leaves no copy of itself behind when it grows.
#[derive(Default)]
struct Growing(Zeroizing<Vec<u8>>);

impl io::Write for Growing {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        let needed = self.0.len() + more.len();
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.next_power_of_two().max(1024)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `value` as JSON.
pub(crate) fn to_json(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let mut buffer = Growing::default();
    serde_json::to_writer(&mut buffer, value).map_err(|e| VaultError::Store(e.to_string()))?;
    Ok(buffer.0)
}

//! A server over stdio whose mind is elsewhere: `relay ADDRESS` carries its standard input to a TCP connection and back, and ends
//! when the other side hangs up.

use std::io::{Error, Result, copy, stdin, stdout};
use std::net::{Shutdown, TcpStream};

fn main() -> Result<()> {
    let address = std::env::args().nth(1).ok_or_else(|| Error::other("say where to"))?;
    let mind = TcpStream::connect(address)?;
    mind.set_nodelay(true)?;
    let mut ears = mind.try_clone()?;
    std::thread::spawn(move || {
        let _ = copy(&mut stdin().lock(), &mut ears);
        let _ = ears.shutdown(Shutdown::Write);
    });
    // Whoever reads has gone, or the mind has: both end it.
    let _ = copy(&mut &mind, &mut Raw);
    Ok(())
}

/// Standard output, each piece at once: Rust's own waits for a line to end.
struct Raw;

impl std::io::Write for Raw {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut out = stdout().lock();
        out.write_all(bytes)?;
        out.flush()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

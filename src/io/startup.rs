//! The state in which the process was started: which standard streams were closed, and which
//! signals were ignored.
//!
//! Rust's runtime hides both before `main`. It opens /dev/null in place of a closed stream,
//! which then looks like a stream that the caller set to /dev/null, and it ignores SIGPIPE. So
//! both are examined before the runtime starts.

use std::{
    ffi::c_int,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// Bit N: descriptor N was closed.
static CLOSED: AtomicU64 = AtomicU64::new(0);
/// Bit N - 1: signal N was ignored.
static IGNORED: AtomicU64 = AtomicU64::new(0);

/// Whether stdin (0), stdout (1) or stderr (2) was closed.
#[must_use]
pub fn was_closed(descriptor: u32) -> bool {
    CLOSED.load(Relaxed) >> descriptor & 1 == 1
}

/// Whether this signal was ignored, as `nohup` and a shell's `&` leave it.
#[must_use]
pub fn was_ignored(signal: c_int) -> bool {
    signal > 0 && IGNORED.load(Relaxed) >> (signal - 1) & 1 == 1
}

#[cfg(target_os = "linux")]
mod before_main {
    use std::{fs, sync::atomic::Ordering::Relaxed};

    use rustix::{
        io::fcntl_getfd,
        stdio::{stderr, stdin, stdout},
    };

    use super::{CLOSED, IGNORED};

    /// The loader calls what this section lists before `main`.
    // SAFETY: the section holds pointers to functions that take nothing, or ignore
    // what they are given, and return nothing.
    #[allow(unsafe_code)]
    #[used]
    #[unsafe(link_section = ".init_array")]
    static LOOK: extern "C" fn() = look;

    /// Must not panic: there is nobody to catch it.
    extern "C" fn look() {
        let streams = [stdin(), stdout(), stderr()];
        let closed = streams.map(|stream| u64::from(fcntl_getfd(stream).is_err()));
        CLOSED.store(closed[0] | closed[1] << 1 | closed[2] << 2, Relaxed);
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        IGNORED.store(ignored.unwrap_or(0), Relaxed);
    }
}

//! The state in which the process was started: which standard streams were closed, and which
//! signals were ignored.
//!
//! Rust's runtime hides both before `main`. It opens /dev/null in place of a closed stream, which then
//! looks like a stream that the caller redirected to /dev/null, and it ignores SIGPIPE. Both are
//! therefore recorded before the runtime starts.

use std::{
    ffi::c_int,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// Bit N is set if descriptor N was closed.
static CLOSED: AtomicU64 = AtomicU64::new(0);
/// Bit N - 1 is set if signal N was ignored.
static IGNORED: AtomicU64 = AtomicU64::new(0);

/// Whether stdin (0), stdout (1) or stderr (2) was closed when the process started.
#[must_use]
pub fn was_closed(descriptor: u32) -> bool {
    CLOSED.load(Relaxed) >> descriptor & 1 == 1
}

/// Whether a signal was ignored when the process started, as after `nohup` or a shell's `&`.
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

    /// The loader calls the functions in this section before `main`.
    // SAFETY: the section holds pointers to functions without a return value that take no arguments
    // or ignore them.
    #[allow(unsafe_code)]
    #[used]
    #[unsafe(link_section = ".init_array")]
    static RECORD: extern "C" fn() = record;

    /// Record the state. It must not panic, because nothing could catch the panic.
    extern "C" fn record() {
        let streams = [stdin(), stdout(), stderr()];
        let closed = streams.map(|stream| u64::from(fcntl_getfd(stream).is_err()));
        CLOSED.store(closed[0] | closed[1] << 1 | closed[2] << 2, Relaxed);
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        IGNORED.store(ignored.unwrap_or(0), Relaxed);
    }
}

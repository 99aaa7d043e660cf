//! The process, and what it does besides XMPP.

use std::time::Duration;

use admin::metrics::{Description, Family, Sample};
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::super::Server;
use super::{counter, gauge, seconds};
use crate::logging;

const BUILD: Description = gauge("castling_build_info", "Always 1; the label tells the version");
const START: Description = seconds(gauge("process_start_time", "When the server was started, in Unix time"));
const CPU: Description = seconds(counter("process_cpu", "CPU time of all threads, in user and system mode"));
const OPEN_FDS: Description = gauge("process_open_fds", "Open file descriptors");
const MAX_FDS: Description = gauge("process_max_fds", "The most file descriptors that may be open");
const TASKS: Description = gauge("castling_tasks", "Named tasks that are running");
const PANICS: Description = counter("castling_panics", "Tasks that ended by a fault of the server");
const LOG_LOST: Description = counter("castling_log_lines_lost", "Log lines that could not be written");
const DOMAINS: Description = gauge("castling_domains", "Domains that are served");

pub fn families(server: &Server) -> Vec<Family> {
    let tasks = &server.kernel.runtime().tasks;
    let open = std::fs::read_dir("/proc/self/fd").ok().map(|fds| Sample::of(fds.count()));
    let most = getrlimit(Resource::Nofile).current.map(Sample::of);
    vec![
        BUILD.with([Sample::of(1_u64).label("version", env!("CARGO_PKG_VERSION"))]),
        START.alone(server.since_us as f64 / 1e6),
        CPU.alone(cpu().as_secs_f64()),
        OPEN_FDS.with(open),
        MAX_FDS.with(most),
        TASKS.alone(tasks.running()),
        PANICS.alone(tasks.panics()),
        LOG_LOST.alone(logging::lost()),
        DOMAINS.alone(server.kernel.hosts().len()),
    ]
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let (seconds, nanoseconds) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or(0), nanoseconds.unwrap_or(0))
}

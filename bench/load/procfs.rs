//! CPU time and memory of the processes under test, from `/proc`.

use std::fs;

/// What the processes have used, summed.
#[derive(Default, Clone, Copy)]
pub struct Sample {
    /// User and system time in microseconds.
    pub cpu_us: u64,
    /// Resident memory, shared pages counted whole.
    pub rss_kb: u64,
}

/// Reads all of them; a process that is gone counts as nothing.
pub fn sample(pids: &[i32]) -> Sample {
    pids.iter().fold(Sample::default(), |sum, pid| Sample {
        cpu_us: sum.cpu_us + cpu_us(*pid).unwrap_or(0),
        rss_kb: sum.rss_kb + rss_kb(*pid).unwrap_or(0),
    })
}

/// The same of this process.
pub fn own_cpu_us() -> u64 {
    i32::try_from(std::process::id()).ok().and_then(cpu_us).unwrap_or(0)
}

/// Fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms (USER_HZ is 100 on every Linux).
fn cpu_us(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in field 2 may hold anything but ends at the last parenthesis.
    let mut fields = stat.get(stat.rfind(')')? + 2..)?.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some((ticks()? + ticks()?) * 10_000)
}

fn rss_kb(pid: i32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

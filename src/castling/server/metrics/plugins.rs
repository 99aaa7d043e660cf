//! Plugins, and the metrics that they name themselves.

use admin::metrics::{Description, Family, Sample, Value};
use wasm::{AtWork, HookStats, MetricKind, MetricValue, OnDomainStats, PluginStats};

use super::{bytes, counter, distribution, gauge, histogram, seconds};

const CALLS: Description = counter("castling_plugin_calls", "Calls of plugins, by domain and hook");
const VERDICTS: Description = counter("castling_plugin_verdicts", "What plugins decided, by domain and hook");
const FAILURES: Description =
    counter("castling_plugin_failures", "Calls that failed or were not made, by domain, hook and reason");
const DENIED: Description = counter(
    "castling_plugin_denied_calls",
    "Calls into the server that were denied, by interface; the domain is empty if it was about none",
);
const INSTANCES: Description = gauge("castling_plugin_instances", "Instances, of all loaded versions");
const DISCARDED: Description =
    counter("castling_plugin_instances_discarded", "Instances discarded after a failure");
const MEMORY: Description = bytes(gauge(
    "castling_plugin_memory",
    "Memory that all instances have asked for; what they have not touched takes no space",
));
const TIMES: Description = seconds(histogram(
    "castling_plugin_call",
    "CPU time of a call, by domain and hook; one in eight quick calls is measured, and counts for those since the last that was",
));
const STATE: Description = bytes(gauge(
    "castling_plugin_state",
    "What the server keeps for a plugin: session slots and counters, by domain",
));
const CPU: Description = seconds(counter("castling_plugin_cpu", "CPU time of a plugin's calls, by domain"));
const RESTED: Description = counter(
    "castling_plugin_sessions_rested",
    "How often a session was read no further for a moment, since it had used more than a plugin's share of CPU time, by domain",
);
const IN_FORCE: Description = gauge(
    "castling_plugin_in_force",
    "0 where a plugin could not be loaded and its policy applies to the stanzas that it was there for, else 1",
);
const SUSPENDED: Description = gauge(
    "castling_plugin_suspended",
    "1 while a plugin is not called on a domain, since it has failed for several senders; 2: until it is reloaded",
);
const SUSPENSIONS: Description =
    counter("castling_plugin_suspensions", "How often the present version was suspended");
const SESSIONS: Description =
    gauge("castling_plugin_sessions", "Sessions for which the server keeps state of a plugin");
const COUNTED: Description =
    counter("castling_plugin_counted", "A plugin's own counters, by the name in its manifest");
const LEVEL: Description = gauge("castling_plugin_level", "A plugin's own gauges");
const OBSERVATIONS: Description = counter(
    "castling_plugin_observations",
    "How often a plugin has observed a value for one of its own summaries",
);
const OBSERVED: Description = gauge("castling_plugin_observed_sum", "The sum of those values");

/// `in_force`: each plugin and domain, and whether it is in force there.
pub fn families(plugins: &[PluginStats], at_work: &[AtWork], in_force: &[(&str, &str, bool)]) -> Vec<Family> {
    let in_force = in_force.iter().map(|(plugin, domain, is_there)| {
        Sample::of(u64::from(*is_there)).label("plugin", *plugin).label("domain", *domain)
    });
    let each = |value: fn(&PluginStats) -> Sample| {
        plugins.iter().map(|one| value(one).label("plugin", &one.name)).collect::<Vec<_>>()
    };
    let denied = plugins.iter().flat_map(|plugin| {
        let on = plugin.domains.iter().map(|on| (on.domain.as_str(), &on.denied));
        on.chain(std::iter::once(("", &plugin.denied))).flat_map(move |(domain, denied)| {
            denied.iter().map(move |(interface, count)| {
                let sample = Sample::of(*count).label("plugin", &plugin.name).label("domain", domain);
                sample.label("interface", *interface)
            })
        })
    });
    vec![
        CALLS.with(hooks(plugins).map(|(plugin, hook)| of_hook(hook.calls, plugin, hook))),
        VERDICTS.with(words(plugins, "verdict", |hook| &hook.verdicts)),
        FAILURES.with(words(plugins, "failure", |hook| &hook.failures)),
        TIMES
            .with(hooks(plugins).map(|(plugin, hook)| of_hook(distribution(&hook.times, 1e9), plugin, hook))),
        IN_FORCE.with(in_force),
        SUSPENDED.with(at_work.iter().flat_map(suspended)),
        SUSPENSIONS.with(at_work.iter().map(|one| Sample::of(one.suspensions).label("plugin", &one.name))),
        DENIED.with(denied),
        INSTANCES.with(each(|one| Sample::of(whole(one.instances)))),
        DISCARDED.with(each(|one| Sample::of(one.discarded))),
        MEMORY.with(each(|one| Sample::of(whole(one.memory_bytes)))),
        SESSIONS.with(each(|one| Sample::of(one.sessions))),
        RESTED.with(plugins.iter().flat_map(|one| on_domains(one, |on| on.rested.into()))),
        STATE.with(plugins.iter().flat_map(|one| on_domains(one, |on| on.state_bytes.into()))),
        CPU.with(plugins.iter().flat_map(|one| on_domains(one, |on| on.cpu_seconds.into()))),
        COUNTED.with(own(plugins, MetricKind::Counter, |one| one.value.into())),
        LEVEL.with(own(plugins, MetricKind::Gauge, |one| one.value.into())),
        OBSERVATIONS.with(own(plugins, MetricKind::Summary, |one| one.count.into())),
        OBSERVED.with(own(plugins, MetricKind::Summary, |one| one.value.into())),
    ]
}

fn suspended(one: &AtWork) -> impl Iterator<Item = Sample> {
    one.domains.iter().map(|domain| {
        let level = u64::from(one.suspended.contains(domain)) + u64::from(one.parked.contains(domain));
        Sample::of(level).label("plugin", &one.name).label("domain", domain)
    })
}

fn on_domains(one: &PluginStats, value: fn(&OnDomainStats) -> Value) -> impl Iterator<Item = Sample> {
    one.domains
        .iter()
        .map(move |on| Sample::of(value(on)).label("plugin", &one.name).label("domain", &on.domain))
}

fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn hooks(plugins: &[PluginStats]) -> impl Iterator<Item = (&PluginStats, &HookStats)> {
    plugins.iter().flat_map(|plugin| plugin.hooks.iter().map(move |hook| (plugin, hook)))
}

fn of_hook(count: impl Into<Value>, plugin: &PluginStats, hook: &HookStats) -> Sample {
    Sample::of(count).label("plugin", &plugin.name).label("domain", &hook.domain).label("hook", &hook.hook)
}

/// A value for each word of each hook.
fn words(
    plugins: &[PluginStats],
    label: &'static str,
    of: fn(&HookStats) -> &std::collections::BTreeMap<&'static str, u64>,
) -> impl Iterator<Item = Sample> {
    hooks(plugins).flat_map(move |(plugin, hook)| {
        of(hook).iter().map(move |(word, count)| of_hook(*count, plugin, hook).label(label, *word))
    })
}

/// The plugins' own metrics of one kind.
fn own(
    plugins: &[PluginStats],
    kind: MetricKind,
    value: fn(&MetricValue) -> Value,
) -> impl Iterator<Item = Sample> {
    plugins.iter().flat_map(move |plugin| {
        plugin.metrics.iter().filter(move |one| one.kind == kind).map(move |one| {
            let sample = Sample::of(value(one)).label("plugin", &plugin.name).label("domain", &one.domain);
            sample.label("name", &one.name)
        })
    })
}

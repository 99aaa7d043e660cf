//! Plugins, and the metrics that they name themselves.

use admin::metrics::{Description, Family, Sample, Value};
use wasm::{HookStats, MetricKind, MetricValue, PluginStats};

use super::{bytes, counter, gauge};

const CALLS: Description = counter("castling_plugin_calls", "Calls of plugins, by domain and hook");
const VERDICTS: Description = counter("castling_plugin_verdicts", "What plugins decided, by domain and hook");
const FAILURES: Description =
    counter("castling_plugin_failures", "Calls that failed, by domain, hook and reason");
const DENIED: Description =
    counter("castling_plugin_denied_calls", "Calls into the server that were denied, by interface");
const INSTANCES: Description = gauge("castling_plugin_instances", "Instances, of all loaded versions");
const DISCARDED: Description =
    counter("castling_plugin_instances_discarded", "Instances discarded after a failure");
const MEMORY: Description = bytes(gauge("castling_plugin_memory", "Memory of all instances"));
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

pub fn families(plugins: &[PluginStats]) -> Vec<Family> {
    let each = |value: fn(&PluginStats) -> Sample| {
        plugins.iter().map(|one| value(one).label("plugin", &one.name)).collect::<Vec<_>>()
    };
    let denied = plugins.iter().flat_map(|plugin| {
        let one = |(interface, count): (&&'static str, &u64)| {
            Sample::of(*count).label("plugin", &plugin.name).label("interface", *interface)
        };
        plugin.denied.iter().map(one)
    });
    vec![
        CALLS.with(hooks(plugins).map(|(plugin, hook)| of_hook(hook.calls, plugin, hook))),
        VERDICTS.with(words(plugins, "verdict", |hook| &hook.verdicts)),
        FAILURES.with(words(plugins, "failure", |hook| &hook.failures)),
        DENIED.with(denied),
        INSTANCES.with(each(|one| Sample::of(whole(one.instances)))),
        DISCARDED.with(each(|one| Sample::of(one.discarded))),
        MEMORY.with(each(|one| Sample::of(whole(one.memory_bytes)))),
        SESSIONS.with(each(|one| Sample::of(one.sessions))),
        COUNTED.with(own(plugins, MetricKind::Counter, |one| one.value.into())),
        LEVEL.with(own(plugins, MetricKind::Gauge, |one| one.value.into())),
        OBSERVATIONS.with(own(plugins, MetricKind::Summary, |one| one.count.into())),
        OBSERVED.with(own(plugins, MetricKind::Summary, |one| one.value.into())),
    ]
}

fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn hooks(plugins: &[PluginStats]) -> impl Iterator<Item = (&PluginStats, &HookStats)> {
    plugins.iter().flat_map(|plugin| plugin.hooks.iter().map(move |hook| (plugin, hook)))
}

fn of_hook(count: u64, plugin: &PluginStats, hook: &HookStats) -> Sample {
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

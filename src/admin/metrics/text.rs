//! Metrics as OpenMetrics text.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{self, Registry};

use super::{Family, Kind, Sample, Unit, Value};

/// All metrics, in the order given, as OpenMetrics text 1.0.0. A metric without values keeps its description.
pub fn text(families: Vec<Family>) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Collected(families)));
    let mut text = String::new();
    // A string takes everything.
    let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
    text
}

#[derive(Debug)]
struct Collected(Vec<Family>);

impl Collector for Collected {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|family| family.encode(&mut encoder))
    }
}

impl Family {
    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let kind = match self.description.kind {
            Kind::Counter => MetricType::Counter,
            Kind::Gauge => MetricType::Gauge,
            Kind::Histogram => MetricType::Histogram,
        };
        let unit = self.description.unit.map(|unit| match unit {
            Unit::Bytes => registry::Unit::Bytes,
            Unit::Seconds => registry::Unit::Seconds,
        });
        let (name, help) = (self.description.name, format!("{}.", self.description.help));
        let mut encoder = encoder.encode_descriptor(name, &help, unit.as_ref(), kind)?;
        self.samples.iter().try_for_each(|sample| sample.encode(&mut encoder, self.description.kind))
    }
}

impl Sample {
    fn encode(&self, encoder: &mut MetricEncoder<'_>, kind: Kind) -> fmt::Result {
        let labels: Vec<_> = self.labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let labels = labels.as_slice();
        let mut encoder = encoder.encode_family(&labels)?;
        match (&self.value, kind) {
            (Value::Whole(value), Kind::Counter) => encoder.encode_counter::<NoLabelSet, _, u64>(value, None),
            (Value::Real(value), Kind::Counter) => encoder.encode_counter::<NoLabelSet, _, u64>(value, None),
            (Value::Whole(value), _) => encoder.encode_gauge(value),
            (Value::Real(value), _) => encoder.encode_gauge(value),
            (Value::Distribution { buckets, sum }, _) => {
                let count = buckets.iter().map(|(_, count)| count).sum();
                encoder.encode_histogram::<NoLabelSet>(*sum, count, buckets, None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Description;

    #[test]
    fn each_kind_as_openmetrics_has_it() {
        let of = |name, kind, unit| Description { name, kind, unit, help: "What it is" };
        let sessions = of("sessions", Kind::Gauge, None)
            .with([Sample::of(3_u64).label("domain", "a\"b\\c\nd").label("transport", "tcp")]);
        let time = of("statement", Kind::Histogram, Some(Unit::Seconds));
        assert_eq!(time.full_name(), "statement_seconds");
        let buckets = vec![(0.001, 4), (0.01, 0), (f64::INFINITY, 1)];
        let time = time.with([Sample::of(Value::Distribution { buckets, sum: 2.5 })]);
        let bytes = of("received", Kind::Counter, Some(Unit::Bytes));
        assert_eq!(bytes.full_name(), "received_bytes_total");
        let nothing = of("nothing", Kind::Counter, None).with([]);
        let text = text(vec![sessions, time, bytes.alone(7_u64), nothing]);
        assert_eq!(
            text,
            "# HELP sessions What it is.\n# TYPE sessions gauge\n\
             sessions{domain=\"a\\\"b\\\\c\\nd\",transport=\"tcp\"} 3\n\
             # HELP statement_seconds What it is.\n# TYPE statement_seconds histogram\n\
             # UNIT statement_seconds seconds\n\
             statement_seconds_sum 2.5\nstatement_seconds_count 5\n\
             statement_seconds_bucket{le=\"0.001\"} 4\nstatement_seconds_bucket{le=\"0.01\"} 4\n\
             statement_seconds_bucket{le=\"+Inf\"} 5\n\
             # HELP received_bytes What it is.\n# TYPE received_bytes counter\n# UNIT received_bytes bytes\n\
             received_bytes_total 7\n\
             # HELP nothing What it is.\n# TYPE nothing counter\n# EOF\n"
        );
    }
}

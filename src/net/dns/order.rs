//! The order in which servers are tried (RFC 2782).

use runtime::Random;

use super::SrvRecord;

/// By priority; within one, at random by weight. `record` says where an item has its record.
pub(super) fn ordered<T>(
    mut items: Vec<T>,
    record: impl Fn(&T) -> &SrvRecord,
    random: &dyn Random,
) -> Vec<T> {
    // Those of weight 0 come first within a priority, so that they are chosen seldom beside others.
    items.sort_by_key(|item| (record(item).priority, record(item).weight));
    let mut ordered = Vec::with_capacity(items.len());
    while let Some(first) = items.first() {
        let priority = record(first).priority;
        let group = items.iter().take_while(|item| record(item).priority == priority);
        let weights: Vec<u64> = group.map(|item| record(item).weight.into()).collect();
        ordered.push(items.remove(choose(&weights, random)));
    }
    ordered
}

/// An index into the weights, which are not empty.
fn choose(weights: &[u64], random: &dyn Random) -> usize {
    let all: u64 = weights.iter().sum();
    let chosen = random.u64() % (all + 1);
    let mut sum = 0;
    let reached = |weight: &u64| {
        sum += weight;
        sum >= chosen
    };
    weights.iter().position(reached).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use runtime::SeededRandom;

    use super::*;

    fn record(priority: u16, weight: u16, port: u16) -> SrvRecord {
        SrvRecord { priority, weight, port, target: Some("a.example".into()) }
    }

    fn ports(records: &[SrvRecord], random: &dyn Random) -> Vec<u16> {
        ordered(records.to_vec(), |record| record, random).iter().map(|record| record.port).collect()
    }

    #[test]
    fn by_priority() {
        let records = [record(20, 0, 1), record(5, 0, 2), record(10, 65_535, 3)];
        assert_eq!(ports(&records, &SeededRandom::new(7)), [2, 3, 1]);
        assert_eq!(ports(&[], &SeededRandom::new(7)), [0; 0]);
    }

    #[test]
    fn within_a_priority_by_weight() {
        let random = SeededRandom::new(7);
        let records = [record(1, 0, 0), record(1, 10, 1), record(1, 90, 2), record(2, 100, 3)];
        let (mut first, mut all) = ([0; 4], 0);
        for _ in 0..10_000 {
            let ports = ports(&records, &random);
            assert_eq!(ports.last(), Some(&3));
            first[usize::from(ports[0])] += 1;
            all += ports.len();
        }
        assert_eq!(all, 40_000);
        // 1, 10 and 90 of 101.
        assert!((50..150).contains(&first[0]) && (850..1150).contains(&first[1]), "{first:?}");
    }

    #[test]
    fn all_of_weight_0_are_tried() {
        let records: Vec<_> = (0..5).map(|port| record(1, 0, port)).collect();
        let mut ports = ports(&records, &SeededRandom::new(7));
        ports.sort_unstable();
        assert_eq!(ports, [0, 1, 2, 3, 4]);
    }
}

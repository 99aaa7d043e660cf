//! Mutations in the words of XML: libFuzzer alone changes bytes, and seldom makes two names or two values the same.

/// Puts a word of `data` in the place of another, before it, or takes one away; every other time it is libFuzzer's turn.
pub fn words(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let input = &data[..size];
    let words = split(input);
    if seed.is_multiple_of(2) || words.len() < 2 {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    let mut state = u64::from(seed) | 1 << 40;
    let mut pick = |of: usize| {
        // A linear congruential generator (Knuth): what it is asked for needs no more.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % of
    };
    // Names with names and values with values, since little else is XML.
    let kind = pick(3);
    let alike: Vec<usize> =
        (0..words.len()).filter(|&at| kind == 2 || class(input[words[at].0]) == kind).collect();
    if alike.is_empty() {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    let (from, at, how) = (alike[pick(alike.len())], alike[pick(alike.len())], pick(4));
    let (start, end) = words[at];
    let word = &input[words[from].0..words[from].1];
    let (word, end): (&[u8], usize) = match how {
        0 => (word, start),
        1 => (b"", end),
        _ => (word, end),
    };
    let changed = [&input[..start], word, &input[end..]].concat();
    if changed.len() > max_size {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    data[..changed.len()].copy_from_slice(&changed);
    changed.len()
}

/// Where words begin and end: runs of bytes that are no delimiters of XML, quoted or not, and single delimiters.
fn split(input: &[u8]) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = 0;
    while start < input.len() {
        let length = match input[start] {
            quote @ (b'\'' | b'"') => {
                input[start + 1..].iter().position(|&b| b == quote).map_or(1, |at| at + 2)
            }
            first if is_delimiter(first) => 1,
            _ => input[start..].iter().position(|&b| is_delimiter(b)).unwrap_or(input.len() - start),
        };
        words.push((start, start + length));
        start += length;
    }
    words
}

fn is_delimiter(b: u8) -> bool {
    b" \t\r\n<>/='\":;&!?[]".contains(&b)
}

/// By its first byte: 0 a value, 1 a name, 2 anything else.
fn class(first: u8) -> usize {
    match first {
        b'\'' | b'"' => 0,
        b if !is_delimiter(b) => 1,
        _ => 2,
    }
}

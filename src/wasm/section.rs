//! Custom sections of a component, read without parsing anything else.

/// The section that contains a plugin's manifest.
pub(crate) const MANIFEST: &str = "castling:plugin";

/// `\0asm`, then the version and layer of a module.
const MODULE: [u8; 8] = [0, b'a', b's', b'm', 1, 0, 0, 0];
/// The same of a component.
const COMPONENT: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];

/// Whether the file begins like a component.
pub(crate) fn is_component(bytes: &[u8]) -> bool {
    bytes.starts_with(&COMPONENT)
}

/// Whether the file ends with a section, and not within one.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let mut rest = bytes.strip_prefix(&COMPONENT).unwrap_or_default();
    while let Some((_, after)) = rest.split_first() {
        let next = leb128(after).and_then(|(size, after)| Some(after.split_at_checked(size)?.1));
        match next {
            Some(next) => rest = next,
            None => return false,
        }
    }
    true
}

/// The sections of a component in which others lie: a module, and a component.
const NESTED: [u8; 2] = [1, 4];
/// How deep modules and components are searched.
const DEPTH: usize = 4;

/// The content of a custom section of this name: the last one of the component itself, else one of the modules and components
/// within, where a compiler may have put it. `None` also if the sections are malformed.
pub(crate) fn custom<'a>(bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
    search(bytes.strip_prefix(&COMPONENT)?, name, true, DEPTH)
}

/// Pages of 64 KiB that the memories of all modules have from the beginning.
pub(crate) fn initial_pages(bytes: &[u8]) -> u64 {
    bytes.strip_prefix(&COMPONENT).map_or(0, |rest| pages(rest, true, DEPTH))
}

fn pages(mut rest: &[u8], is_component: bool, depth: usize) -> u64 {
    let mut sum = 0u64;
    while let Some((id, after)) = rest.split_first() {
        let next = leb128(after).and_then(|(size, after)| after.split_at_checked(size));
        let Some((content, next)) = next else { break };
        rest = next;
        if !is_component && *id == MEMORY {
            sum = sum.saturating_add(memories(content).unwrap_or(0));
        } else if is_component && NESTED.contains(id) && depth > 0 {
            let module = content.strip_prefix(&MODULE).map(|rest| pages(rest, false, depth - 1));
            let nested = || content.strip_prefix(&COMPONENT).map(|rest| pages(rest, true, depth - 1));
            sum = sum.saturating_add(module.or_else(nested).unwrap_or(0));
        }
    }
    sum
}

/// The section of a module with its memories.
const MEMORY: u8 = 5;

/// The sum of the initial sizes of a module's memories.
fn memories(content: &[u8]) -> Option<u64> {
    let (count, mut rest) = leb128(content)?;
    let mut sum = 0u64;
    for _ in 0..count {
        let (flags, after) = rest.split_first()?;
        let (least, after) = leb128(after)?;
        rest = if flags & 1 == 0 { after } else { leb128(after)?.1 };
        sum = sum.saturating_add(least as u64);
    }
    Some(sum)
}

fn search<'a>(mut rest: &'a [u8], name: &str, is_component: bool, depth: usize) -> Option<&'a [u8]> {
    let (mut found, mut within) = (None, None);
    while let Some((id, after)) = rest.split_first() {
        let (size, after) = leb128(after)?;
        let (content, next) = after.split_at_checked(size)?;
        rest = next;
        if *id == 0 {
            let (length, content) = leb128(content)?;
            let (section, content) = content.split_at_checked(length)?;
            if section == name.as_bytes() {
                found = Some(content);
            }
        } else if is_component && NESTED.contains(id) && depth > 0 && within.is_none() {
            let module = content.strip_prefix(&MODULE).map(|rest| (rest, false));
            let nested = module.or_else(|| content.strip_prefix(&COMPONENT).map(|rest| (rest, true)));
            within = nested.and_then(|(rest, is_component)| search(rest, name, is_component, depth - 1));
        }
    }
    found.or(within)
}

/// An unsigned number of at most 32 bits.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let value = u32::try_from(value).ok()?;
            return Some((value as usize, bytes.get(index + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(sections: &[u8]) -> Vec<u8> {
        [&COMPONENT[..], sections].concat()
    }

    #[test]
    fn a_section_is_found_behind_others() {
        let bytes = with(&[7, 2, 9, 9, 0, 4, 1, b'x', 1, 1, 0, 5, 1, b'y', b'a', b'b', b'c']);
        assert_eq!(custom(&bytes, "y"), Some(&b"abc"[..]));
        assert_eq!(custom(&bytes, "x"), Some(&[1, 1][..]));
        assert_eq!(custom(&bytes, "z"), None);
    }

    #[test]
    fn a_section_is_found_in_a_module_within() {
        let module = [&MODULE[..], &[0, 4, 1, b'y', 7, 7]].concat();
        let nested = [&[1, module.len() as u8], &module[..]].concat();
        assert_eq!(custom(&with(&nested), "y"), Some(&[7, 7][..]));
        let deeper = with(&nested);
        let deeper = [&[4, deeper.len() as u8], &deeper[..]].concat();
        assert_eq!(custom(&with(&deeper), "y"), Some(&[7, 7][..]));
        let own = [&deeper[..], &[0, 3, 1, b'y', 1, 0, 3, 1, b'y', 2]].concat();
        assert_eq!(
            custom(&with(&own), "y"),
            Some(&[2][..]),
            "the component's own counts, and the last of them"
        );
    }

    #[test]
    fn memories_of_modules_are_summed() {
        let module = [&MODULE[..], &[5, 6, 2, 0, 3, 1, 4, 9]].concat();
        let nested = [&[1, module.len() as u8], &module[..]].concat();
        assert_eq!(initial_pages(&with(&[&nested[..], &nested[..]].concat())), 14);
        assert_eq!(initial_pages(&with(&[1, 9, 0])), 0, "cut short");
    }

    #[test]
    fn broken_sections_are_none() {
        for sections in [&[0, 9, 1, b'y'][..], &[0, 2, 9, b'y'], &[0, 0xff, 0xff, 0xff, 0xff, 0xff], &[0]] {
            assert_eq!(custom(&with(sections), "y"), None, "{sections:?}");
        }
        assert!(is_whole(&with(&[7, 2, 9, 9])) && is_whole(&with(&[])));
        assert!(!is_whole(&with(&[7, 2, 9])) && !is_whole(&with(&[7])));
        assert_eq!(custom(b"\0asm\x01\0\0\0", "y"), None, "a core module");
        assert!(!is_component(b"\0asm\x01\0\0\0"));
    }
}

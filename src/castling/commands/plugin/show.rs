//! `castling plugin list` and `show`

use serde_json::Value;
use xmpp::datetime;

use super::reply;
use crate::api::{GrantShown, HookShown, PluginOn, PluginShown};
use crate::failure::Failure;
use crate::output;

pub fn list(value: Value, json: bool) -> Result<(), Failure> {
    if json {
        output::json(&value);
        return Ok(());
    }
    let list: Vec<PluginShown> = reply(value)?;
    let row = |one: &PluginShown| {
        let domains = one.domains.iter().map(|on| format!("{} ({})", on.name, on.enabled_by));
        vec![
            one.name.clone(),
            one.version.clone().unwrap_or_else(|| "-".into()),
            state(one),
            one.declared_by.clone(),
            one.grants.join(", "),
            domains.collect::<Vec<_>>().join(", "),
        ]
    };
    let rows: Vec<_> = list.iter().map(row).collect();
    output::table(&["plugin", "version", "state", "declared by", "grants", "domains"], &rows);
    for one in &list {
        if let Some(error) = &one.error {
            let name =
                if error.starts_with("plugin ") { String::new() } else { format!("plugin {}: ", one.name) };
            output::line(&format!("{name}{error}"));
        }
    }
    Ok(())
}

fn state(one: &PluginShown) -> String {
    let but = match one.left_out.as_slice() {
        [] => String::new(),
        domains => format!(", but not on {}", domains.join(", ")),
    };
    let suspended = match (one.parked.as_slice(), one.suspended.as_slice()) {
        ([], []) => String::new(),
        ([], domains) => format!(", suspended on {}", domains.join(", ")),
        (domains, _) => format!(", suspended until it is reloaded on {}", domains.join(", ")),
    };
    format!("{}{but}{suspended}", one.state)
}

pub fn plugin(value: Value, json: bool) -> Result<(), Failure> {
    if json {
        output::json(&value);
        return Ok(());
    }
    let one: PluginShown = reply(value)?;
    head(&one);
    field("declared by", &one.declared_by);
    let by = if one.file_by == "-" { String::new() } else { format!(" ({})", one.file_by) };
    let place = one.replaced.as_ref().map_or_else(String::new, |file| format!(", in place of {file} (file)"));
    field("file", &format!("{}{by}{place}", one.file));
    field("state", &state(&one));
    if one.required {
        field("required", "the server does not start without it");
    }
    if let Some(error) = &one.error {
        field("error", error);
    }
    if one.declared_by != "-" {
        granted("granted", &one.allowed);
    }
    if one.everywhere {
        field("enabled", "also on domains that are added later");
    }
    one.domains.iter().for_each(domain);
    if one.domains.is_empty() {
        one.settings.iter().for_each(|(key, value)| setting(key, value));
    }
    about_settings(&one.schema);
    counters(&one.stats);
    Ok(())
}

/// What its component says of it.
pub fn head(one: &PluginShown) {
    field("name", &one.name);
    field("version", one.version.as_deref().unwrap_or("-"));
    for (name, text) in [("description", &one.description), ("licence", &one.licence)] {
        text.iter().for_each(|text| field(name, text));
    }
    if let (Some(digest), Some(bytes)) = (&one.digest, one.bytes) {
        field("digest", &format!("sha256:{digest} ({bytes} bytes)"));
    }
    for hook in &one.hooks {
        field("hook", &described(hook));
    }
    if one.guards {
        field("guards", "it protects: it runs before others, and if it fails, stanzas are refused");
    }
    if one.version.is_some() {
        granted("asks for", &one.asks);
    }
}

fn field(name: &str, text: &str) {
    output::line(&format!("{name:<12} {text}"));
}

fn granted(name: &str, grants: &[GrantShown]) {
    if grants.is_empty() {
        field(name, "nothing");
    }
    grants.iter().for_each(|one| field(name, &format!("{} ({})", one.grant, one.words)));
}

/// `client-in: presence, with the whole stanza; if it fails: pass`. Hooks of services have neither interests nor a policy.
fn described(hook: &HookShown) -> String {
    let mut text = hook.hook.clone();
    let interests = interests(&hook.interests);
    if !interests.is_empty() {
        text += &format!(": {interests}");
    }
    if hook.want == "xml" {
        text += ", with the whole stanza";
    }
    if !hook.policy.is_empty() {
        text += &format!("; if it fails: {}", hook.policy);
    }
    text
}

/// `presence; message of type chat with urn:example`
fn interests(interests: &Value) -> String {
    let words = |one: &Value, key: &str, before: &str, between: &str| {
        let list = one.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let list: Vec<_> = list.iter().filter_map(Value::as_str).collect();
        if list.is_empty() { String::new() } else { format!("{before}{}", list.join(between)) }
    };
    let one = |one: &Value| {
        words(one, "kinds", "", ", ")
            + &words(one, "types", " of type ", ", ")
            + &words(one, "ns", " with ", " or ")
    };
    interests.as_array().into_iter().flatten().map(one).collect::<Vec<_>>().join("; ")
}

fn domain(on: &PluginOn) {
    output::line(&format!("on {} (enabled by {})", on.name, on.enabled_by));
    on.config.iter().for_each(|(key, value)| setting(key, value));
}

fn setting(key: &str, value: &Value) {
    let part = |name: &str| value.get(name).cloned().unwrap_or_default();
    output::line(&format!("  {key} = {} ({})", part("value"), part("by").as_str().unwrap_or_default()));
}

/// What each setting is for, and what it may be.
fn about_settings(schema: &Value) {
    for (key, about) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let text = |name: &str| about.get(name).and_then(Value::as_str).unwrap_or_default();
        field("setting", &format!("{key}: {}. {}", kind(about), text("description")));
    }
}

/// `integer, at least 1, at most 9`, `array of string`, `array of object with kind, ns`
fn kind(about: &Value) -> String {
    let mut words = vec![about.get("type").and_then(Value::as_str).unwrap_or_default().to_owned()];
    for (name, word) in [
        ("format", "a"),
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("minLength", "characters at least"),
        ("maxLength", "characters up to"),
    ] {
        words.extend(
            about.get(name).filter(|value| !value.is_null()).map(|value| format!("{word} {}", plain(value))),
        );
    }
    words.extend(about.get("enum").and_then(Value::as_array).filter(|choices| !choices.is_empty()).map(
        |choices| {
            let choices: Vec<_> = choices.iter().map(Value::to_string).collect();
            format!("one of {}", choices.join(", "))
        },
    ));
    let items = about.get("items").filter(|items| items.is_object());
    let keys = about.get("properties").and_then(Value::as_object).filter(|keys| !keys.is_empty());
    let keys = keys.map(|keys| keys.keys().map(String::as_str).collect::<Vec<_>>().join(", "));
    words.join(", ")
        + &items.map_or_else(String::new, |items| format!(" of {}", kind(items)))
        + &keys.map_or_else(String::new, |keys| format!(" with {keys}"))
}

/// A text without quotes, a whole number without a fraction.
fn plain(value: &Value) -> String {
    match (value.as_str(), value.as_f64()) {
        (Some(text), _) => text.to_owned(),
        (None, Some(number)) => number.to_string(),
        (None, None) => value.to_string(),
    }
}

/// Its counters on each hook and domain, and its last failure.
fn counters(stats: &Value) {
    let list = |key: &str| stats.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    for hook in list("hooks") {
        let text = |key: &str| hook.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let calls = hook.get("calls").and_then(Value::as_u64).unwrap_or_default();
        field("calls", &format!("{calls} of {} on {}", text("hook"), text("domain")));
        for (name, what) in [("verdicts", "  verdicts"), ("failures", "  failures"), ("times", "  times")] {
            let counts = hook.get(name).and_then(Value::as_object);
            let counts = counts.into_iter().flatten().filter(|(_, count)| **count != 0);
            let mut counts: Vec<_> = counts.collect();
            counts.sort_by_key(|(word, _)| word.parse::<u64>().unwrap_or(u64::MAX));
            let one = |(word, count): &(&String, &Value)| match word.parse::<u64>() {
                Ok(ns) => format!("{count} up to {} µs", plain(&(ns as f64 / 1000.0).into())),
                Err(_) => format!("{word} {count}"),
            };
            let words: Vec<_> = counts.iter().map(one).collect();
            if !words.is_empty() {
                field(what, &words.join(", "));
            }
        }
    }
    for on in list("domains") {
        let domain = on.get("domain").and_then(Value::as_str).unwrap_or_default();
        let bytes = on.get("state_bytes").and_then(Value::as_u64).unwrap_or_default();
        let cpu = on.get("cpu_seconds").and_then(Value::as_f64).unwrap_or_default();
        field(
            "has used",
            &format!("{cpu:.3} s of CPU time on {domain}, where the server keeps {bytes} bytes for it"),
        );
    }
    if let Some(failure) = stats.get("last_failure").filter(|failure| !failure.is_null()) {
        last_failure(failure);
    }
}

fn last_failure(failure: &Value) {
    let text = |key: &str| failure.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |key: &str| failure.get(key).and_then(Value::as_i64).unwrap_or_default();
    let at = datetime::format(number("at_us"));
    field("last failure", &format!("{at} on {}: {}: {}", text("domain"), text("kind"), text("message")));
    field("", &format!("session {}, stanza {:?}", number("session"), text("stanza")));
    let trace = failure.get("backtrace").and_then(Value::as_array).cloned().unwrap_or_default();
    trace.iter().filter_map(Value::as_str).for_each(|frame| field("", &format!("at {frame}")));
}

//! `castling plugin`

use std::path::{Path, absolute};

use admin::{Client, Request};
use serde::Serialize;
use serde_json::{Value, json};

use super::{reply, running};
use crate::accounts::answer;
use crate::api::{EnabledPlugin, InstallPlugin, OfPlugin, PluginOn, PluginShown, SwitchPlugin};
use crate::cli::Plugin;
use crate::config::settings;
use crate::failure::Failure;
use crate::output;

/// Executes a `plugin` command on the running server.
pub fn run(file: Option<&Path>, command: Plugin) -> Result<(), Failure> {
    let mut server = running(file)?;
    match command {
        Plugin::Install { file, name } => {
            let name = name.map_or_else(|| stem(&file), Ok)?;
            call(&mut server, "install", &InstallPlugin { file: path(&file)?, name }).map(drop)
        }
        Plugin::Enable { name, domains, set, grants } => {
            let args = SwitchPlugin { name, domains, set: settings(&set), grants };
            enabled(reply(call(&mut server, "enable", &args)?)?);
            Ok(())
        }
        Plugin::Disable { name, domains } => {
            let args = SwitchPlugin { name, domains, ..SwitchPlugin::default() };
            call(&mut server, "disable", &args).map(drop)
        }
        Plugin::Reload { name, file } => {
            let file = file.as_deref().map(path).transpose()?;
            call(&mut server, "reload", &OfPlugin { name, file }).map(drop)
        }
        Plugin::Remove { name } => call(&mut server, "remove", &OfPlugin { name, file: None }).map(drop),
        Plugin::List(format) => list(call(&mut server, "list", &json!({}))?, format.json),
        Plugin::Show { plugin, format } => {
            show(call(&mut server, "show", &OfPlugin { name: plugin, file: None })?, format.json)
        }
    }
}

fn call(server: &mut Client, word: &str, args: &impl Serialize) -> Result<Value, Failure> {
    Ok(server.call(&Request::new(format!("plugin.{word}"), answer(args)?))?)
}

/// Makes a path absolute, since the server has another working directory.
fn path(file: &Path) -> Result<String, Failure> {
    let whole = absolute(file).map_err(|error| format!("cannot use {}: {error}", file.display()))?;
    let text = whole.to_str().ok_or_else(|| format!("the path {} is not valid UTF-8", file.display()))?;
    Ok(text.to_owned())
}

fn stem(file: &Path) -> Result<String, Failure> {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    stem.ok_or_else(|| {
        let why = format!("cannot derive a plugin name from {}", file.display());
        Failure::Message(format!("{why} — add --name NAME"))
    })
}

fn enabled(done: EnabledPlugin) {
    let line = |what: &str, list: &[String], none: &str| match list {
        [] => output::line(none),
        list => output::line(&format!("{what}: {}", list.join(", "))),
    };
    line("granted", &done.grants, "no grants");
    line("enabled on", &done.domains, "enabled on no domain");
}

fn list(value: Value, json: bool) -> Result<(), Failure> {
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
            one.declared_by.clone(),
            one.grants.join(", "),
            domains.collect::<Vec<_>>().join(", "),
        ]
    };
    let rows: Vec<_> = list.iter().map(row).collect();
    output::table(&["plugin", "version", "declared by", "grants", "domains"], &rows);
    Ok(())
}

fn show(value: Value, json: bool) -> Result<(), Failure> {
    if json {
        output::json(&value);
        return Ok(());
    }
    let one: PluginShown = reply(value)?;
    output::line(&format!("name         {}", one.name));
    output::line(&format!("version      {}", one.version.as_deref().unwrap_or("-")));
    output::line(&format!("declared by  {}", one.declared_by));
    output::line(&format!("file         {} ({})", one.file, one.file_by));
    output::line(&format!("grants       {}", one.grants.join(", ")));
    one.domains.iter().for_each(domain);
    Ok(())
}

fn domain(on: &PluginOn) {
    output::line(&format!("on {} (enabled by {})", on.name, on.enabled_by));
    for (key, setting) in &on.config {
        let part = |name: &str| setting.get(name).cloned().unwrap_or_default();
        output::line(&format!("  {key} = {} ({})", part("value"), part("by").as_str().unwrap_or_default()));
    }
}

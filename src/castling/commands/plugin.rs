//! `castling plugin`

mod show;

use std::path::{Path, absolute};

use serde_json::{Value, json};

use super::reply;
use super::target::Target;
use crate::accounts::answer;
use crate::api::{EnabledPlugin, InstallPlugin, Noted, OfPlugin, PluginShown, SwitchPlugin};
use crate::cli::Plugin;
use crate::config::{load, looking, settings};
use crate::failure::Failure;
use crate::{output, plugins};

/// Executes a `plugin` command, on the running server if there is one.
pub fn run(file: Option<&Path>, command: Plugin) -> Result<(), Failure> {
    if let Plugin::Show { plugin, format } = &command
        && is_file(plugin)
    {
        let looking = load(file).map(|loaded| looking(&loaded.config)).unwrap_or_default();
        let found = plugins::inspect(Path::new(plugin), &looking)?;
        return show::plugin(answer(&plugins::found(plugin, &found))?, format.json);
    }
    let mut target = match &command {
        Plugin::List(_) | Plugin::Show { .. } => Target::look(file)?,
        _ => Target::find(file)?,
    };
    let done = on(&mut target, command);
    done.and(target.close())
}

/// Plugins have names without a point or a slash.
fn is_file(plugin: &str) -> bool {
    plugin.contains(['/', '.'])
}

fn on(target: &mut Target, command: Plugin) -> Result<(), Failure> {
    match command {
        Plugin::Install { file, name } => {
            let args = InstallPlugin { file: path(&file)?, name };
            installed(&reply(target.call("plugin.install", &args)?)?);
            Ok(())
        }
        Plugin::Enable { name, domains, set, unset, grants } => {
            announce(target, &name, &grants)?;
            let args = SwitchPlugin { name, domains, set: settings(&set), unset, grants };
            enabled(&reply(target.call("plugin.enable", &args)?)?);
            Ok(())
        }
        Plugin::Disable { name, domains } => {
            let args = SwitchPlugin { name, domains, ..SwitchPlugin::default() };
            let done: Noted = reply(target.call("plugin.disable", &args)?)?;
            done.notes.iter().for_each(|note| output::line(note));
            Ok(())
        }
        Plugin::Reload { name, file, grants, set, unset, domains } => {
            let file = file.as_deref().map(path).transpose()?;
            if !grants.is_empty() {
                announce(target, &name, &grants)?;
            }
            let args = OfPlugin { name, file, grants, set: settings(&set), unset, domains };
            let done = target.call("plugin.reload", &args)?;
            reply::<EnabledPlugin>(done)?
                .notes
                .iter()
                .for_each(|note| output::error(&format!("note: {note}")));
            Ok(())
        }
        Plugin::Remove { name } => target.call("plugin.remove", &of(name)).map(drop),
        Plugin::List(format) => show::list(target.call("plugin.list", &json!({}))?, format.json),
        Plugin::Show { plugin, format } => {
            show::plugin(target.call("plugin.show", &of(plugin))?, format.json)
        }
    }
}

fn of(name: String) -> OfPlugin {
    OfPlugin { name, ..OfPlugin::default() }
}

/// Makes a path absolute, since the server has another working directory.
fn path(file: &Path) -> Result<String, Failure> {
    let whole = absolute(file).map_err(|error| format!("cannot use {}: {error}", file.display()))?;
    let text = whole.to_str().ok_or_else(|| format!("the path {} is not valid UTF-8", file.display()))?;
    Ok(text.to_owned())
}

fn installed(one: &PluginShown) {
    show::head(one);
    output::line(&format!("not enabled yet: castling plugin enable {}", one.name));
}

/// What a command grants, before that is done.
fn announce(target: &mut Target, name: &str, given: &[String]) -> Result<(), Failure> {
    let value: Value = target.call("plugin.show", &of(name.to_owned()))?;
    let one: PluginShown = reply(value)?;
    let asked: Vec<String> = one.asks.iter().map(|asked| asked.grant.clone()).collect();
    let (grants, what) = match (given, one.has_been_granted) {
        ([], true) => (&one.grants, "keeping"),
        ([], false) => (&asked, "granting"),
        (given, _) => (&given.to_vec(), "granting"),
    };
    if grants.is_empty() && what == "granting" {
        output::line(&format!("{name} needs no grants"));
    }
    for grant in grants {
        let known =
            wasm::Grant::parse(grant).map_err(|why| format!("{grant:?} is not a valid grant: {why}"))?;
        output::line(&format!("{what} {grant}: {name} {}", known.words()));
    }
    Ok(())
}

fn enabled(done: &EnabledPlugin) {
    done.notes.iter().for_each(|note| output::error(&format!("note: {note}")));
    let later = if done.everywhere { ", and on domains that are added later" } else { "" };
    match done.domains.as_slice() {
        [] => output::line(&format!("enabled on no domain{later}")),
        domains => output::line(&format!("enabled on: {}{later}", domains.join(", "))),
    }
}

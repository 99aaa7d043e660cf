//! The overlay part of the `component` commands, and the output format of components.

use admin::CommandError;
use runtime::Random;
use serde_json::{Value, json};
use stream::component::ComponentFigures;

use crate::accounts::{answer, arguments, unknown};
use crate::api::{AddComponent, ComponentShown, OfComponent};
use crate::config::{Away, ComponentAdded, Config, Loaded, Overlay};

/// Bits of a secret that is made.
const BITS: usize = 192;

/// The overlay after a `component` command, given without the `component.` prefix, and what the command answers.
///
/// # Errors
/// The command is refused.
pub fn change(
    loaded: &Loaded,
    word: &str,
    args: Value,
    random: &dyn Random,
) -> Result<(Overlay, Value), CommandError> {
    match word {
        "add" => {
            let AddComponent { name, secret, domains, queue } = arguments(args)?;
            let secret = secret.unwrap_or_else(|| random.token(BITS));
            let added = ComponentAdded { secret: secret.clone(), domains, queue };
            Ok((loaded.add_component(&name, added)?, json!({ "secret": secret })))
        }
        "remove" => {
            let OfComponent { name } = arguments(args)?;
            Ok((loaded.remove_component(&name)?, json!({})))
        }
        _ => Err(unknown(word)),
    }
}

/// All components, for `component.list`. `figures`: what those do that are served; `None` while no server runs.
///
/// # Errors
/// Never, in practice.
pub fn shown(config: &Config, figures: Option<&[ComponentFigures]>) -> Result<Value, CommandError> {
    let one = |component: &crate::config::External| {
        let figures = figures.map(|all| all.iter().find(|one| one.name == component.name));
        ComponentShown {
            name: component.name.clone(),
            declared_by: component.origin.word().to_owned(),
            domains: component.domains.clone(),
            away: if component.away == Away::Queue { "queue" } else { "bounce" }.to_owned(),
            connections: figures.map(|one| one.map_or(0, |one| one.connections)),
            waiting: figures.map(|one| one.map_or(0, |one| one.stanzas)),
        }
    };
    answer(&config.components.iter().map(one).collect::<Vec<_>>())
}

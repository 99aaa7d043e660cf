//! Components added and removed by commands.

use admin::CommandError;
use settings::join;

use super::Changed;
use crate::config::load::Loaded;
use crate::config::origin::Origin;
use crate::config::overlay::ComponentAdded;
use crate::config::{External, names};

impl Loaded {
    /// Adds an external component.
    ///
    /// # Errors
    /// The name is not a valid domain or is taken, the secret is empty, or there is no such domain.
    pub fn add_component(&self, name: &str, mut added: ComponentAdded) -> Changed {
        names::domain(name).map_err(|error| CommandError::new(error.message).remedy(error.remedy))?;
        let name = names::prepared(name);
        if let Some(component) = self.config.component(&name) {
            let message = format!("{name} has already been {}", self.declared_component(component));
            return Err(CommandError::new(message));
        }
        if self.config.domain(&name).is_some() {
            return Err(CommandError::new(format!("{name} is a domain of this server")));
        }
        if let Some(domain) =
            self.config.domains.iter().find(|one| one.services.values().any(|it| *it == name))
        {
            return Err(CommandError::new(format!("{name} is a service of {}", domain.name)));
        }
        if added.secret.trim().is_empty() {
            return Err(CommandError::new("the secret is empty"));
        }
        for domain in &mut added.domains {
            *domain = self.known_domain(domain)?.name.clone();
        }
        let mut overlay = self.overlay.clone();
        overlay.components.insert(name, added);
        Ok(overlay)
    }

    /// Removes an external component that was added by command.
    ///
    /// # Errors
    /// There is no such component, or it is declared in the file.
    pub fn remove_component(&self, name: &str) -> Changed {
        let name = names::prepared(name);
        let component = self.config.component(&name).ok_or_else(|| {
            CommandError::new(format!("component {name} does not exist"))
                .remedy("see castling component list")
        })?;
        if component.origin == Origin::File {
            let message = format!("{name} is {}", self.declared_component(component));
            return Err(CommandError::new(message).remedy("remove it there and run castling reload"));
        }
        let mut overlay = self.overlay.clone();
        overlay.components.remove(&name);
        Ok(overlay)
    }

    fn declared_component(&self, component: &External) -> String {
        match component.origin {
            Origin::File => format!("declared in {}", self.problems.place(&join(&component.path, "name"))),
            Origin::Command => "added with `castling component add`".into(),
        }
    }
}

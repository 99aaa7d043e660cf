//! Commands received over the admin socket.

use admin::{BoxFuture, CommandError, Commands, Request};
use serde_json::{Value, json};
use settings::join;

use super::beside::Beside;
use super::domains::InForce;
use super::{Server, listeners, metrics};
use crate::accounts::{answer, arguments, unknown};
use crate::api::OfDomain;
use crate::config::{
    Config, Loaded, Log, Overlay, Problem, Severity, check_components, check_own, check_surroundings,
    load_again,
};
use crate::{domains, externals, logging, plugins};

impl Commands for Server {
    fn run(&self, request: Request) -> BoxFuture<'_, Result<Value, CommandError>> {
        Box::pin(async move {
            match request.command.split_once('.') {
                Some(("user", word)) => self.user(word, request.args).await,
                Some(("domain", "list")) => answer(&domains::shown(&self.loaded.lock().await.config)),
                Some(("domain", word)) => self.domain(word, request.args).await,
                Some(("component", word)) => self.external(word, request.args).await,
                Some(("plugin", word)) => self.plugin(word, request.args).await,
                Some(("export", "page")) => self.export_page(request.args).await,
                Some(("import", word)) => self.import(word, request.args).await,
                Some(("s2s", word)) => self.streams(word, request.args).await,
                Some(("session", word)) => self.session(word, request.args).await,
                _ => match request.command.as_str() {
                    "status" => self.status().await,
                    "stats" => self.stats(),
                    "reload" => Ok(json!({ "notes": self.reload().await? })),
                    other => Err(unknown(other)),
                },
            }
        })
    }
}

impl Server {
    async fn domain(&self, word: &str, args: Value) -> Result<Value, CommandError> {
        let args: OfDomain = arguments(args)?;
        let mut loaded = self.loaded.lock().await;
        let overlay = domains::change(&loaded, word, &args).unwrap_or_else(|| Err(unknown(word)))?;
        if !args.purge || word != "remove" {
            let in_force = self.change(&mut loaded, overlay, Beside::default()).await?;
            drop(loaded);
            in_force.notes().await;
            return Ok(json!({ "accounts_deleted": 0 }));
        }
        let name = loaded.known_domain(&args.domain)?.name.clone();
        let deleted = self.purge(loaded, overlay, &name).await?;
        Ok(json!({ "accounts_deleted": deleted }))
    }

    async fn external(&self, word: &str, args: Value) -> Result<Value, CommandError> {
        let mut loaded = self.loaded.lock().await;
        if word == "list" {
            return externals::shown(&loaded.config, Some(&self.components.figures()));
        }
        let random = self.kernel.runtime().random.clone();
        let (overlay, answer) = externals::change(&loaded, word, args, &*random)?;
        let in_force = self.change(&mut loaded, overlay, Beside::default()).await?;
        drop(loaded);
        in_force.notes().await;
        Ok(answer)
    }

    /// Puts a changed overlay in force, then stores it; it is written before, so that only a renaming is left. One that fails is not stored.
    pub(super) async fn change(
        &self,
        loaded: &mut Loaded,
        overlay: Overlay,
        beside: Beside<'_>,
    ) -> Result<InForce, CommandError> {
        let data_dir = loaded.config.data_dir.clone();
        let failed =
            |e: std::io::Error| CommandError::new(format!("cannot write to {}: {e}", data_dir.display()));
        let staged = overlay.stage(&data_dir).map_err(failed)?;
        let in_force = self.read_again(loaded, Some(&overlay), beside).await?;
        staged.keep().map_err(|error| {
            CommandError::new(format!("the change is in force, but not kept: {}", failed(error)))
                .remedy("repeat the command before the next start")
        })?;
        Ok(in_force)
    }

    /// Reloads the configuration (SIGHUP, `castling reload`).
    pub(super) async fn reload(&self) -> Result<Vec<String>, CommandError> {
        self.compile_ahead().await?;
        let mut loaded = self.loaded.lock().await;
        let in_force = self.read_again(&mut loaded, None, Beside::default()).await?;
        drop(loaded);
        Ok(in_force.notes().await)
    }

    /// Compiles the components of the plugins in the file before the configuration is locked: that takes seconds for a large one.
    async fn compile_ahead(&self) -> Result<(), CommandError> {
        // What is wrong is found again, and told, when the file is put in force.
        let files = {
            let loaded = self.loaded.lock().await;
            let data_dir = &loaded.config.data_dir;
            let next = tokio::task::block_in_place(|| load_again(self.file.as_deref(), data_dir));
            next.map(|next| plugins::files(&next.config)).unwrap_or_default()
        };
        self.aside(move |platform| {
            platform.try_again();
            plugins::compile(platform, &files);
            Ok(())
        })
        .await
    }

    /// File and overlay are read, or changed by a command, checked as `castling check` does, and put in force as a whole or not at all.
    async fn read_again(
        &self,
        loaded: &mut Loaded,
        overlay: Option<&Overlay>,
        beside: Beside<'_>,
    ) -> Result<InForce, CommandError> {
        // A command changes only what it says: what was edited waits for a reload, certificates and ports have been looked at.
        let is_command = overlay.is_some();
        let next = match overlay {
            Some(overlay) => Ok(loaded.with(overlay)),
            None => load_again(self.file.as_deref(), &loaded.config.data_dir),
        };
        let mut next = next.map_err(|problems| refusal(problems.into_list()))?;
        self.check(&mut next, is_command)?;
        let beside = Beside { before: Some(&loaded.config), by_command: is_command, ..beside };
        let in_force = match self.apply(&next, beside).await {
            Ok(in_force) => in_force,
            Err(error) => {
                if !is_command {
                    check_components(&next.config, &mut next.problems);
                }
                return Err(located(error, next.problems.into_list()));
            }
        };
        let warnings =
            if is_command { Vec::new() } else { next.problems.warnings(&certificates(&next.config)) };
        let more = self.settle(&loaded.config, &next);
        *loaded = next;
        Ok(in_force.noting(warnings.into_iter().chain(more)))
    }

    /// Whether a configuration can be put in force, as far as that can be told before.
    fn check(&self, next: &mut Loaded, is_command: bool) -> Result<(), CommandError> {
        let own: Vec<_> = self.listening.iter().map(|one| one.address).collect();
        let from = next.problems.count();
        match is_command {
            true => check_own(&next.config, &mut next.problems),
            false => check_surroundings(&next.config, &own, self.kernel.now_us(), &mut next.problems),
        }
        // If a certificate cannot be read the old one stays in use: this is reported, but is no reason to
        // refuse the rest. Whether a plugin's component is needed is found when plugins are put in force.
        let excused =
            || certificates(&next.config).into_iter().chain(["plugins".to_owned()]).collect::<Vec<_>>();
        if next.problems.fatal() && next.problems.fatal_beside(&excused(), from) {
            return Err(refusal(next.problems.take_list()));
        }
        let served =
            |name: &str| next.config.domains.iter().any(|domain| domain.enabled && domain.name == name);
        match self.purges.find(served) {
            Some(name) => Err(CommandError::new(format!("the accounts of {name} are still being deleted"))
                .remedy("wait for that, then repeat the command")),
            None => Ok(()),
        }
    }

    /// Puts in force what is not a domain's or a plugin's. Notes for the operator.
    fn settle(&self, before: &Config, next: &Loaded) -> Vec<String> {
        if let Some(c2s) = self.c2s.get() {
            c2s.set_limits(next.config.limits.of());
        }
        self.platform.set_limits(&next.config.limits.of());
        if let Some(page) = self.metrics.get() {
            page.set_allowed(metrics::allowed(&next.config));
        }
        self.kernel.set_peer_limit(listeners::peer_limit(&next.config.limits));
        let log = set_log(&before.log, &next.config.log);
        let waiting = self.started.waiting(&next.file.values);
        let waiting = waiting.iter().map(|path| format!("{path}: restart the server to apply this change"));
        log.into_iter().chain(waiting).collect()
    }
}

/// The keys of the domains' certificates.
fn certificates(config: &Config) -> Vec<String> {
    config.domains.iter().map(|domain| join(&domain.path, "tls")).collect()
}

/// Why a configuration is not put in force: with its place in the file if the problems found before are about the same plugin.
fn located(error: CommandError, mut problems: Vec<Problem>) -> CommandError {
    let said = error.to_string();
    let is_it = |problem: &Problem| {
        if said.starts_with(&problem.message) {
            return true; // at a key of a domain
        }
        let rest = problem.at.strip_prefix("plugins.");
        let name = rest.map(|rest| rest.split('.').next().unwrap_or_default());
        let named = name.and_then(|name| said.strip_prefix("plugin ")?.strip_prefix(name));
        named.is_some_and(|rest| rest.starts_with([':', ' ']))
    };
    problems.retain(is_it);
    let found = problems.iter().any(|problem| problem.severity == Severity::Error);
    if found { refusal(problems) } else { error }
}

/// Changes the log's level if it is another; a note if it cannot be changed.
fn set_log(before: &Log, next: &Log) -> Option<String> {
    if before.level == next.level {
        return None;
    }
    let set = logging::set_level(&next.level);
    set.unwrap_or_else(|error| Some(format!("log.level: the old one stays, {error}")))
}

/// All errors of a configuration, as one.
fn refusal(problems: Vec<Problem>) -> CommandError {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    let lines: Vec<String> = errors.map(ToString::to_string).collect();
    CommandError::new(format!("the running configuration is unchanged: {}", lines.join("\n")))
}

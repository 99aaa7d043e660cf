//! `wasi:cli`: an empty environment, output to the log, and an exit that traps.

use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime::{Result, bail};

use super::io::{InputStream, OutputStream};
use crate::state::StoreData;

struct TerminalInput;
struct TerminalOutput;

pub(super) fn add_to_linker(linker: &mut Linker<StoreData>) -> Result<()> {
    let mut environment = linker.instance("wasi:cli/environment@0.2.6")?;
    environment.func_wrap("get-environment", |_, (): ()| Ok((Vec::<(String, String)>::new(),)))?;
    environment.func_wrap("get-arguments", |_, (): ()| Ok((Vec::<String>::new(),)))?;
    environment.func_wrap("initial-cwd", |_, (): ()| Ok((None::<String>,)))?;
    linker
        .instance("wasi:cli/exit@0.2.6")?
        .func_wrap("exit", |_, (_,): (std::result::Result<(), ()>,)| -> Result<()> {
            bail!("the plugin called exit")
        })?;
    linker
        .instance("wasi:cli/stdin@0.2.6")?
        .func_wrap("get-stdin", |_, (): ()| Ok((Resource::<InputStream>::new_own(0),)))?;
    linker
        .instance("wasi:cli/stdout@0.2.6")?
        .func_wrap("get-stdout", |_, (): ()| Ok((Resource::<OutputStream>::new_own(1),)))?;
    linker
        .instance("wasi:cli/stderr@0.2.6")?
        .func_wrap("get-stderr", |_, (): ()| Ok((Resource::<OutputStream>::new_own(2),)))?;
    terminals(linker)
}

fn terminals(linker: &mut Linker<StoreData>) -> Result<()> {
    linker.instance("wasi:cli/terminal-input@0.2.6")?.resource(
        "terminal-input",
        ResourceType::host::<TerminalInput>(),
        |_, _| Ok(()),
    )?;
    linker.instance("wasi:cli/terminal-output@0.2.6")?.resource(
        "terminal-output",
        ResourceType::host::<TerminalOutput>(),
        |_, _| Ok(()),
    )?;
    linker
        .instance("wasi:cli/terminal-stdin@0.2.6")?
        .func_wrap("get-terminal-stdin", |_, (): ()| Ok((None::<Resource<TerminalInput>>,)))?;
    linker
        .instance("wasi:cli/terminal-stdout@0.2.6")?
        .func_wrap("get-terminal-stdout", |_, (): ()| Ok((None::<Resource<TerminalOutput>>,)))?;
    linker
        .instance("wasi:cli/terminal-stderr@0.2.6")?
        .func_wrap("get-terminal-stderr", |_, (): ()| Ok((None::<Resource<TerminalOutput>>,)))
}

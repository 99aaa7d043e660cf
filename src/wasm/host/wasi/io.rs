//! `wasi:io`: streams that never wait.

use tracing::Level;
use wasmtime::Result;
use wasmtime::component::{ComponentType, Lift, Linker, Lower, Resource, ResourceType};

use crate::host::write_line;
use crate::limits::TEXT_BYTES;
use crate::state::{StoreData, bounded};

pub(super) struct InputStream;
pub(super) struct OutputStream;
pub(super) struct Pollable;
pub(super) struct IoError;

/// Bytes that a guest may write at once.
const ROOM: u64 = 65_536;
/// Maximum bytes of a line of output.
const LINE: usize = 4096;

#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    LastOperationFailed(Resource<IoError>),
    #[component(name = "closed")]
    Closed,
}

type Written = (std::result::Result<(), StreamError>,);
type Read = (std::result::Result<Vec<u8>, StreamError>,);

pub(super) fn add_to_linker(linker: &mut Linker<StoreData>) -> Result<()> {
    let mut error = linker.instance("wasi:io/error@0.2.6")?;
    error.resource("error", ResourceType::host::<IoError>(), |_, _| Ok(()))?;
    error.func_wrap("[method]error.to-debug-string", |_, (_,): (Resource<IoError>,)| Ok((String::new(),)))?;
    let mut poll = linker.instance("wasi:io/poll@0.2.6")?;
    poll.resource("pollable", ResourceType::host::<Pollable>(), |_, _| Ok(()))?;
    // Everything is always ready.
    poll.func_wrap("[method]pollable.ready", |_, (_,): (Resource<Pollable>,)| Ok((true,)))?;
    poll.func_wrap("[method]pollable.block", |_, (_,): (Resource<Pollable>,)| Ok(()))?;
    poll.func_wrap("poll", |_, (all,): (Vec<Resource<Pollable>>,)| {
        Ok(((0..u32::try_from(all.len()).unwrap_or_default()).collect::<Vec<u32>>(),))
    })?;
    let mut streams = linker.instance("wasi:io/streams@0.2.6")?;
    streams.resource("input-stream", ResourceType::host::<InputStream>(), |_, _| Ok(()))?;
    streams.resource("output-stream", ResourceType::host::<OutputStream>(), |_, _| Ok(()))?;
    for name in ["read", "blocking-read"] {
        let name = format!("[method]input-stream.{name}");
        streams.func_wrap(&name, |_, (_, _): (Resource<InputStream>, u64)| -> Result<Read> {
            Ok((Err(StreamError::Closed),))
        })?;
    }
    streams.func_wrap("[method]input-stream.subscribe", |_, (_,): (Resource<InputStream>,)| {
        Ok((Resource::<Pollable>::new_own(0),))
    })?;
    output(&mut streams)
}

fn output(streams: &mut wasmtime::component::LinkerInstance<'_, StoreData>) -> Result<()> {
    type Room = (std::result::Result<u64, StreamError>,);
    streams.func_wrap(
        "[method]output-stream.check-write",
        |_, (_,): (Resource<OutputStream>,)| -> Result<Room> { Ok((Ok(ROOM),)) },
    )?;
    for name in ["write", "blocking-write-and-flush"] {
        let name = format!("[method]output-stream.{name}");
        streams.func_wrap(
            &name,
            |mut store, (_, bytes): (Resource<OutputStream>, Vec<u8>)| -> Result<Written> {
                bounded(bytes.len(), TEXT_BYTES)?;
                write(store.data_mut(), &bytes);
                Ok((Ok(()),))
            },
        )?;
    }
    for name in ["flush", "blocking-flush"] {
        let name = format!("[method]output-stream.{name}");
        streams
            .func_wrap(&name, |_, (_,): (Resource<OutputStream>,)| -> Result<Written> { Ok((Ok(()),)) })?;
    }
    streams.func_wrap("[method]output-stream.subscribe", |_, (_,): (Resource<OutputStream>,)| {
        Ok((Resource::<Pollable>::new_own(0),))
    })
}

/// Standard output and error go to the log, line by line: they contain panic messages.
fn write(state: &mut StoreData, bytes: &[u8]) {
    for byte in bytes {
        if *byte == b'\n' || state.output.len() >= LINE {
            let line = std::mem::take(&mut state.output);
            if !line.is_empty() {
                write_line(state, Level::WARN, &String::from_utf8_lossy(&line));
            }
        }
        if *byte != b'\n' {
            state.output.push(*byte);
        }
    }
}

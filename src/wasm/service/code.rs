//! The compiled component as a service, with its exports looked up.

use wasmtime::component::{InstancePre, Linker};

use crate::bindings::waiting::Services;
use crate::bindings::waiting::exports::castling::plugin::{
    commands, credentials, iq_handler, lifecycle, password_check, presence_change, screening_events, service,
    session_events, session_gate, timers,
};
use crate::error::LoadError;
use crate::hook::Hook;
use crate::host::wasi;
use crate::service::guests::Guests;
use crate::state::StoreData;

/// The linker for services: functions that wait do so on the fibre of the call.
pub(crate) fn linker(engine: &wasmtime::Engine) -> Result<Linker<StoreData>, LoadError> {
    let mut linker = Linker::new(engine);
    let added =
        Services::add_to_linker::<_, wasmtime::component::HasSelf<StoreData>>(&mut linker, |state| state);
    added.and_then(|()| wasi::add_to_linker(&mut linker)).map_err(|error| LoadError::engine(&error))?;
    Ok(linker)
}

macro_rules! exports {
    ($($name:ident $hook:ident,)*) => {
        /// A service's code.
        pub(crate) struct ServiceCode {
            pub pre: InstancePre<StoreData>,
            lifecycle: Option<lifecycle::GuestIndices>,
            $($name: Option<$name::GuestIndices>,)*
        }

        impl ServiceCode {
            pub fn new(pre: InstancePre<StoreData>, hooks: &[Hook]) -> Result<Self, LoadError> {
                let link = |error: wasmtime::Error| LoadError::Link(format!("{error:#}"));
                let has = |hook: Hook| hooks.contains(&hook);
                Ok(Self {
                    lifecycle: lifecycle::GuestIndices::new(&pre).ok(),
                    $($name: has(Hook::$hook)
                        .then(|| $name::GuestIndices::new(&pre))
                        .transpose()
                        .map_err(link)?,)*
                    pre,
                })
            }

            /// Creates an instance; its exports.
            pub async fn instantiate(
                &self,
                store: &mut wasmtime::Store<StoreData>,
            ) -> wasmtime::Result<Guests> {
                let instance = self.pre.instantiate_async(&mut *store).await?;
                Ok(Guests {
                    lifecycle: self
                        .lifecycle
                        .as_ref()
                        .map(|found| found.load(&mut *store, &instance))
                        .transpose()?,
                    $($name: self.$name.as_ref().map(|found| found.load(&mut *store, &instance)).transpose()?,)*
                })
            }
        }
    };
}

exports! {
    iq_handler IqHandler,
    presence_change PresenceChange,
    session_events SessionEvents,
    session_gate SessionGate,
    screening_events ScreeningEvents,
    service Service,
    timers Timers,
    commands Commands,
    credentials Credentials,
    password_check PasswordCheck,
}

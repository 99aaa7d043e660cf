//! State that features keep with a host, an account or a session: typed, stored in its owner, and dropped
//! with it.
//!
//! Because a value lives in its owner and not in the module that uses it, it survives new tables and new
//! versions of the module. [`State`] is created on first use; [`Stored`](crate::Stored) is read from the
//! store, and written to it before a change becomes visible.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::OnceLock;

use crate::{Account, Host, Resource};

/// Values by their type: an append-only list, read without a lock. An owner has a handful at most.
#[derive(Default)]
pub struct Slots {
    first: Link,
}

type Link = OnceLock<Box<Slot<dyn Any + Send + Sync>>>;

struct Slot<C: ?Sized> {
    next: Link,
    value: C,
}

impl Slots {
    /// The value of this type; `None` until it is created.
    pub fn get<C: Any>(&self) -> Option<&C> {
        let mut at = self.first.get();
        while let Some(slot) = at {
            if let Some(value) = slot.value.downcast_ref() {
                return Some(value);
            }
            at = slot.next.get();
        }
        None
    }

    /// The value of this type, created now if absent.
    pub fn get_or_default<C: Any + Default + Send + Sync>(&self) -> &C {
        let mut link = &self.first;
        loop {
            let slot = link.get_or_init(|| Box::new(Slot { next: Link::new(), value: C::default() }));
            if let Some(value) = slot.value.downcast_ref() {
                return value;
            }
            link = &slot.next;
        }
    }
}

/// What state can be kept with: a host, an account or a session.
pub trait Owner: sealed::Sealed {}

pub(crate) mod sealed {
    /// Where an owner's values are.
    pub trait Sealed {
        fn slots(&self) -> &super::Slots;
    }
}

impl Owner for Host {}
impl Owner for Account {}
impl Owner for Resource {}

/// One kind of in-memory value, kept with each owner; from [`Registrar::state`](crate::Registrar::state). The
/// value is shared, so its mutable parts are behind its own lock or atomics.
pub struct State<O: ?Sized, T>(PhantomData<fn(&O) -> T>);

impl<O: ?Sized, T> Clone for State<O, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O: ?Sized, T> Copy for State<O, T> {}

impl<O: Owner, T: Any + Default + Send + Sync> Default for State<O, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<O: ?Sized, T> fmt::Debug for State<O, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::any::type_name::<T>())
    }
}

impl<O: Owner, T: Any + Default + Send + Sync> State<O, T> {
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    /// The owner's value, created now if absent.
    pub fn of<'a>(&self, owner: &'a O) -> &'a T {
        owner.slots().get_or_default()
    }

    /// The owner's value, if it has one.
    pub fn peek<'a>(&self, owner: &'a O) -> Option<&'a T> {
        owner.slots().get()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct One(AtomicUsize);
    #[derive(Default)]
    struct Other(AtomicUsize);

    #[test]
    fn each_type_has_one_value() {
        let slots = Slots::default();
        assert!(slots.get::<One>().is_none());
        slots.get_or_default::<One>().0.store(1, Ordering::Relaxed);
        assert!(slots.get::<Other>().is_none());
        slots.get_or_default::<Other>().0.store(2, Ordering::Relaxed);
        assert_eq!(slots.get::<One>().unwrap().0.load(Ordering::Relaxed), 1);
        assert_eq!(slots.get_or_default::<Other>().0.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn two_who_come_at_once_get_the_same() {
        let slots = Slots::default();
        let both = std::sync::Barrier::new(2);
        let add = || {
            both.wait();
            slots.get_or_default::<One>().0.fetch_add(1, Ordering::Relaxed);
        };
        std::thread::scope(|scope| {
            scope.spawn(add);
            scope.spawn(add);
        });
        assert_eq!(slots.get::<One>().unwrap().0.load(Ordering::Relaxed), 2);
    }
}

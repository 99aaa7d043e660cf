//! Settings that belong together, declared where they are used.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde_json::Value;

use crate::section::{Absent, Holds, Key, Scope};
use crate::{Interval, Kind, Limit, Range, Required, Values};

/// A group of settings, declared by [`group!`](crate::group).
pub trait Group: Sized {
    fn keys() -> Vec<Key>;

    /// Reads them from checked values; absent ones have their defaults.
    fn read(values: &Values) -> Self;
}

/// The type of a setting.
pub trait Setting: Sized {
    /// Adds what is specific to this type, such as the meaning of 0, to a declaration.
    fn specify(spec: Spec) -> Spec {
        spec
    }

    /// The value; `None` if it has another type.
    fn read(value: &Value) -> Option<Self>;

    /// The value if a declaration's default is invalid; a test of every group's defaults ensures that it is
    /// never used.
    fn fallback() -> Self;
}

/// A setting's declaration, without its name and documentation.
#[derive(Clone, Debug)]
pub struct Spec {
    kind: Kind,
    default: Value,
    holds: Holds,
    scope: Scope,
}

/// A number within a range, and its default. Its type determines whether it can also be 0.
pub fn number(default: u64, range: RangeInclusive<u64>) -> Spec {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let mut range = Range::new(signed(*range.start()), signed(*range.end()));
    if default > 0 {
        range = range.usual(signed(default)); // else a remedy would suggest to switch it off
    }
    Spec::new(Kind::Integer(range), default)
}

/// `true` or `false`.
pub fn flag(default: bool) -> Spec {
    Spec::new(Kind::Flag, default)
}

/// A list of values of a kind; empty by default.
pub fn list(of: Kind) -> Spec {
    Spec::new(Kind::list(of), Vec::<Value>::new())
}

impl Spec {
    /// A kind with its default.
    pub fn new(kind: Kind, default: impl Into<Value>) -> Self {
        Self { kind, default: default.into(), holds: Holds::Reload, scope: Scope::Domain }
    }

    /// The same with a short description of what 0 means.
    pub fn zero(mut self, meaning: &'static str) -> Self {
        if let Kind::Integer(range) = &mut self.kind {
            range.zero = Some(meaning);
        }
        self
    }

    /// The same, but a change takes effect at the next start.
    pub fn at_start(mut self) -> Self {
        self.holds = Holds::Start;
        self
    }

    /// The same, but it cannot be set for a domain.
    pub fn server_wide(mut self) -> Self {
        self.scope = Scope::Server;
        self
    }

    /// As a key. `doc` is a doc comment.
    pub fn key<S: Setting>(self, name: &'static str, doc: &str) -> Key {
        let Self { kind, default, holds, scope } = S::specify(self);
        let doc = doc.split_whitespace().collect::<Vec<_>>().join(" ");
        let (name, doc) = (Cow::Borrowed(name), Cow::Owned(doc));
        Key { name, kind, absent: Absent::Default(default), holds, scope, doc }
    }

    /// The given value, or the default.
    pub fn read<S: Setting>(self, given: Option<&Value>) -> S {
        given.and_then(S::read).or_else(|| S::read(&self.default)).unwrap_or_else(S::fallback)
    }

    fn or_zero(self, meaning: &'static str) -> Self {
        match &self.kind {
            Kind::Integer(Range { zero: None, .. }) => self.zero(meaning),
            _ => self,
        }
    }
}

impl Setting for Limit {
    fn specify(spec: Spec) -> Spec {
        spec.or_zero("no limit")
    }

    fn read(value: &Value) -> Option<Self> {
        value.as_u64().map(Self::of)
    }

    fn fallback() -> Self {
        Self::OFF
    }
}

impl Setting for Interval {
    fn specify(spec: Spec) -> Spec {
        spec.or_zero("none")
    }

    fn read(value: &Value) -> Option<Self> {
        value.as_u64().map(Self::of)
    }

    fn fallback() -> Self {
        Self::OFF
    }
}

impl Setting for Required {
    fn specify(mut spec: Spec) -> Spec {
        if let Kind::Integer(range) = &mut spec.kind {
            (range.zero, range.least) = (None, range.least.max(1));
        }
        spec
    }

    fn read(value: &Value) -> Option<Self> {
        value.as_u64().filter(|number| *number > 0).map(Self::of)
    }

    fn fallback() -> Self {
        Self::of(1)
    }
}

impl Setting for bool {
    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }

    fn fallback() -> Self {
        false
    }
}

/// Declares settings: a struct, its keys, its defaults, and how it is read.
///
/// A field is a key of that name; its doc comment is its text in the reference. `with { … }` adds other
/// groups as fields of the same struct.
///
/// ```
/// # use castling_settings as settings;
/// use settings::{Group, Limit, Values, number};
///
/// settings::group! {
///     /// What a roster may hold.
///     #[derive(Debug, Clone, Copy)]
///     pub struct RosterLimits {
///         /// Contacts in one roster.
///         roster_items: Limit = number(5000, 1..=1_000_000);
///     }
/// }
///
/// assert_eq!(RosterLimits::default().roster_items.bound(), 5000);
/// assert_eq!(RosterLimits::keys()[0].doc, "Contacts in one roster.");
/// ```
#[macro_export]
macro_rules! group {
    (
        $(#[$about:meta])*
        $vis:vis struct $name:ident {
            $( $(#[doc = $doc:literal])+ $field:ident : $type:ty = $spec:expr; )*
        }
        $( with { $( $(#[doc = $group_doc:literal])+ $group:ident : $group_type:ty; )* } )?
    ) => {
        $(#[$about])*
        $vis struct $name {
            $( $(#[doc = $doc])+ pub $field: $type, )*
            $($( $(#[doc = $group_doc])+ pub $group: $group_type, )*)?
        }

        impl $crate::Group for $name {
            fn keys() -> Vec<$crate::Key> {
                let mut keys = Vec::new();
                $($( keys.extend(<$group_type as $crate::Group>::keys()); )*)?
                keys.extend([ $( $crate::Spec::key::<$type>($spec, stringify!($field), concat!($($doc, "\n"),+)) ),* ]);
                keys
            }

            fn read(values: &$crate::Values) -> Self {
                let _ = values;
                Self {
                    $( $field: $crate::Spec::read($spec, values.get(stringify!($field))), )*
                    $($( $group: <$group_type as $crate::Group>::read(values), )*)?
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                <Self as $crate::Group>::read(&$crate::Values::default())
            }
        }
    };
}

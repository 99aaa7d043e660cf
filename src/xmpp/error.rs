//! Errors sent to a peer: stanza errors (RFC 6120 §8.3) and stream errors (RFC 6120 §4.9).

use std::{error, fmt};

use crate::{Document, Element, Node, ns};

macro_rules! conditions {
    ($(#[$outer:meta])* $name:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum $name { $(#[doc = concat!("`", $text, "`")] $variant,)* }

        impl $name {
            /// All conditions, in the order of the RFC.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// The element's name.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            /// The condition with this element name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some($name::$variant),)* _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

conditions! {
    /// The defined conditions of a stanza error (RFC 6120 §8.3.3).
    Condition {
        BadRequest = "bad-request",
        Conflict = "conflict",
        FeatureNotImplemented = "feature-not-implemented",
        Forbidden = "forbidden",
        Gone = "gone",
        InternalServerError = "internal-server-error",
        ItemNotFound = "item-not-found",
        JidMalformed = "jid-malformed",
        NotAcceptable = "not-acceptable",
        NotAllowed = "not-allowed",
        NotAuthorized = "not-authorized",
        PolicyViolation = "policy-violation",
        RecipientUnavailable = "recipient-unavailable",
        Redirect = "redirect",
        RegistrationRequired = "registration-required",
        RemoteServerNotFound = "remote-server-not-found",
        RemoteServerTimeout = "remote-server-timeout",
        ResourceConstraint = "resource-constraint",
        ServiceUnavailable = "service-unavailable",
        SubscriptionRequired = "subscription-required",
        UndefinedCondition = "undefined-condition",
        UnexpectedRequest = "unexpected-request",
    }
}

impl Condition {
    /// The error type the RFC associates with the condition.
    pub fn error_type(self) -> ErrorType {
        use Condition::*;
        match self {
            BadRequest | JidMalformed | NotAcceptable | PolicyViolation | Redirect => ErrorType::Modify,
            Forbidden | NotAuthorized | RegistrationRequired | SubscriptionRequired => ErrorType::Auth,
            RecipientUnavailable | RemoteServerTimeout | ResourceConstraint | UnexpectedRequest => {
                ErrorType::Wait
            }
            _ => ErrorType::Cancel,
        }
    }
}

conditions! {
    /// What the sender may do about a stanza error (RFC 6120 §8.3.2).
    ErrorType {
        Auth = "auth",
        Cancel = "cancel",
        Continue = "continue",
        Modify = "modify",
        Wait = "wait",
    }
}

/// A stanza error: the content of `<error/>`.
#[derive(Clone, Debug, PartialEq)]
pub struct StanzaError {
    /// The defined condition.
    pub condition: Condition,
    /// The error type; by default the one the RFC associates with the condition.
    pub kind: ErrorType,
    /// A human-readable text.
    pub text: Option<String>,
    /// The application's own condition, in its own namespace.
    pub app: Option<Box<Element>>,
}

macro_rules! shorthands {
    ($($name:ident = $variant:ident,)*) => {
        $(#[doc = concat!("[`Condition::", stringify!($variant), "`] with its default type.")]
        pub fn $name() -> Self { Self::new(Condition::$variant) })*
    };
}

impl StanzaError {
    /// An error with the condition's default type.
    pub fn new(condition: Condition) -> Self {
        Self { condition, kind: condition.error_type(), text: None, app: None }
    }

    /// The same with a human-readable text.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// The same with another error type.
    pub fn kind(mut self, kind: ErrorType) -> Self {
        self.kind = kind;
        self
    }

    /// The same with an application-specific condition.
    pub fn app(mut self, app: Element) -> Self {
        self.app = Some(Box::new(app));
        self
    }

    shorthands! {
        bad_request = BadRequest,
        conflict = Conflict,
        feature_not_implemented = FeatureNotImplemented,
        forbidden = Forbidden,
        gone = Gone,
        internal_server_error = InternalServerError,
        item_not_found = ItemNotFound,
        jid_malformed = JidMalformed,
        not_acceptable = NotAcceptable,
        not_allowed = NotAllowed,
        not_authorized = NotAuthorized,
        policy_violation = PolicyViolation,
        recipient_unavailable = RecipientUnavailable,
        redirect = Redirect,
        registration_required = RegistrationRequired,
        remote_server_not_found = RemoteServerNotFound,
        remote_server_timeout = RemoteServerTimeout,
        resource_constraint = ResourceConstraint,
        service_unavailable = ServiceUnavailable,
        subscription_required = SubscriptionRequired,
        undefined_condition = UndefinedCondition,
        unexpected_request = UnexpectedRequest,
    }

    /// The `<error/>` element, in `jabber:client`.
    pub fn to_element(&self) -> Element {
        let mut error = Element::new("error", ns::CLIENT)
            .attr("type", self.kind.as_str())
            .child(Element::new(self.condition.as_str(), ns::STANZAS));
        if let Some(text) = &self.text {
            error.push(Element::new("text", ns::STANZAS).text(text));
        }
        if let Some(app) = &self.app {
            error.push((**app).clone());
        }
        error
    }

    /// Parses an `<error/>`; an unknown condition becomes `undefined-condition`, as the RFC requires.
    pub fn from_node(error: Node<'_>) -> Self {
        let condition = error
            .children()
            .filter(|child| child.ns() == ns::STANZAS)
            .find_map(|child| Condition::from_name(child.name()))
            .unwrap_or(Condition::UndefinedCondition);
        let kind = error.attr("type").and_then(|kind| ErrorType::from_name(&kind));
        Self {
            condition,
            kind: kind.unwrap_or(condition.error_type()),
            text: error.child("text", ns::STANZAS).map(|text| text.text().into_owned()),
            app: error
                .children()
                .find(|child| child.ns() != ns::STANZAS)
                .map(|app| Box::new(app.to_element())),
        }
    }
}

impl fmt::Display for StanzaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.condition.as_str())?;
        self.text.as_ref().map_or(Ok(()), |text| write!(f, ": {text}"))
    }
}

impl error::Error for StanzaError {}

conditions! {
    /// The defined conditions of a stream error (RFC 6120 §4.9.3).
    StreamCondition {
        BadFormat = "bad-format",
        BadNamespacePrefix = "bad-namespace-prefix",
        Conflict = "conflict",
        ConnectionTimeout = "connection-timeout",
        HostGone = "host-gone",
        HostUnknown = "host-unknown",
        ImproperAddressing = "improper-addressing",
        InternalServerError = "internal-server-error",
        InvalidFrom = "invalid-from",
        InvalidNamespace = "invalid-namespace",
        InvalidXml = "invalid-xml",
        NotAuthorized = "not-authorized",
        NotWellFormed = "not-well-formed",
        PolicyViolation = "policy-violation",
        RemoteConnectionFailed = "remote-connection-failed",
        Reset = "reset",
        ResourceConstraint = "resource-constraint",
        RestrictedXml = "restricted-xml",
        SeeOtherHost = "see-other-host",
        SystemShutdown = "system-shutdown",
        UndefinedCondition = "undefined-condition",
        UnsupportedEncoding = "unsupported-encoding",
        UnsupportedFeature = "unsupported-feature",
        UnsupportedStanzaType = "unsupported-stanza-type",
        UnsupportedVersion = "unsupported-version",
    }
}

/// A stream error: it ends the stream (RFC 6120 §4.9).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StreamError {
    /// The defined condition.
    pub condition: StreamCondition,
    /// A human-readable text.
    pub text: Option<String>,
    /// An application-specific condition (RFC 6120 §4.9.4).
    pub application: Option<Box<Element>>,
}

impl StreamError {
    /// An error without a text.
    pub fn new(condition: StreamCondition) -> Self {
        Self { condition, text: None, application: None }
    }

    /// The same with an application-specific condition (RFC 6120 §4.9.4).
    pub fn application(mut self, condition: Element) -> Self {
        self.application = Some(Box::new(condition));
        self
    }

    /// The same with a human-readable text.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// The `<error/>` element, in the namespace of streams. Written with [`Element::write_prefixed`] it has
    /// the `stream:` prefix that TCP streams have declared.
    pub fn to_element(&self) -> Element {
        let mut error =
            Element::new("error", ns::STREAM).child(Element::new(self.condition.as_str(), ns::STREAMS_ERR));
        if let Some(text) = &self.text {
            error.push(Element::new("text", ns::STREAMS_ERR).text(text));
        }
        if let Some(condition) = &self.application {
            error.push((**condition).clone());
        }
        error
    }

    /// Parses a peer's stream error, without its application-specific condition; `None` if the element is not
    /// a stream error.
    pub fn from_document(document: &Document) -> Option<Self> {
        let root = document.root();
        if !root.is("error", ns::STREAM) {
            return None;
        }
        let condition = root
            .children()
            .filter(|child| child.ns() == ns::STREAMS_ERR)
            .find_map(|child| StreamCondition::from_name(child.name()))
            .unwrap_or(StreamCondition::UndefinedCondition);
        let text = root.child("text", ns::STREAMS_ERR).map(|text| text.text().into_owned());
        Some(Self { condition, text, application: None })
    }
}

impl From<StreamCondition> for StreamError {
    fn from(condition: StreamCondition) -> Self {
        Self::new(condition)
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.condition.as_str())?;
        self.text.as_ref().map_or(Ok(()), |text| write!(f, ": {text}"))
    }
}

impl error::Error for StreamError {}

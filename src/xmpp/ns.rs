//! Namespace names, as given in the RFCs and XEPs.

macro_rules! namespaces {
    ($($name:ident = $value:literal, $source:literal;)*) => {
        $(#[doc = concat!("`", $value, "` (", $source, ").")] pub const $name: &str = $value;)*

        /// The constant equal to `name`, so that common namespaces are never allocated.
        pub(crate) fn known(name: &str) -> Option<&'static str> {
            match name { $($value => Some($name),)* _ => None }
        }
    };
}

namespaces! {
    CLIENT = "jabber:client", "RFC 6120 §4.8.2";
    SERVER = "jabber:server", "RFC 6120 §4.8.2";
    COMPONENT = "jabber:component:accept", "XEP-0114";
    STREAM = "http://etherx.jabber.org/streams", "RFC 6120 §4.8.1";
    STREAMS_ERR = "urn:ietf:params:xml:ns:xmpp-streams", "RFC 6120 §4.9.2";
    STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas", "RFC 6120 §8.3.2";
    TLS = "urn:ietf:params:xml:ns:xmpp-tls", "RFC 6120 §5.4";
    SASL = "urn:ietf:params:xml:ns:xmpp-sasl", "RFC 6120 §6.4";
    BIND = "urn:ietf:params:xml:ns:xmpp-bind", "RFC 6120 §7.4";
    SESSION = "urn:ietf:params:xml:ns:xmpp-session", "RFC 3921 §3";
    FRAMING = "urn:ietf:params:xml:ns:xmpp-framing", "RFC 7395 §3.3";
    ROSTER = "jabber:iq:roster", "RFC 6121 §2.1";
    ROSTERVER = "urn:xmpp:features:rosterver", "RFC 6121 §2.6";
    PREAPPROVAL = "urn:xmpp:features:pre-approval", "RFC 6121 §3.4";
    XML = "http://www.w3.org/XML/1998/namespace", "Namespaces in XML §3";
    XMLNS = "http://www.w3.org/2000/xmlns/", "Namespaces in XML §3";
    SM = "urn:xmpp:sm:3", "XEP-0198";
    DISCO_INFO = "http://jabber.org/protocol/disco#info", "XEP-0030";
    DISCO_ITEMS = "http://jabber.org/protocol/disco#items", "XEP-0030";
    PING = "urn:xmpp:ping", "XEP-0199";
    VERSION = "jabber:iq:version", "XEP-0092";
    TIME = "urn:xmpp:time", "XEP-0202";
    LAST = "jabber:iq:last", "XEP-0012";
    DELAY = "urn:xmpp:delay", "XEP-0203";
    FORWARD = "urn:xmpp:forward:0", "XEP-0297";
    OFFLINE = "msgoffline", "XEP-0160";
    DATA_FORMS = "jabber:x:data", "XEP-0004";
    RSM = "http://jabber.org/protocol/rsm", "XEP-0059";
    COMMANDS = "http://jabber.org/protocol/commands", "XEP-0050";
    CAPS = "http://jabber.org/protocol/caps", "XEP-0115";
    CARBONS = "urn:xmpp:carbons:2", "XEP-0280";
    CARBONS_RULES = "urn:xmpp:carbons:rules:0", "XEP-0280";
    HINTS = "urn:xmpp:hints", "XEP-0334";
    SID = "urn:xmpp:sid:0", "XEP-0359";
    MAM = "urn:xmpp:mam:2", "XEP-0313";
    CSI = "urn:xmpp:csi:0", "XEP-0352";
    HTTPBIND = "http://jabber.org/protocol/httpbind", "XEP-0124";
    XBOSH = "urn:xmpp:xbosh", "XEP-0206";
    REGISTER = "jabber:iq:register", "XEP-0077";
    REGISTER_FEATURE = "http://jabber.org/features/iq-register", "XEP-0077";
    PRIVATE = "jabber:iq:private", "XEP-0049";
    BLOCKING = "urn:xmpp:blocking", "XEP-0191";
    BLOCKING_ERRORS = "urn:xmpp:blocking:errors", "XEP-0191";
    PRIVACY = "jabber:iq:privacy", "XEP-0016";
    VCARD = "vcard-temp", "XEP-0054";
    VCARD_UPDATE = "vcard-temp:x:update", "XEP-0153";
    CHATSTATES = "http://jabber.org/protocol/chatstates", "XEP-0085";
    RECEIPTS = "urn:xmpp:receipts", "XEP-0184";
    CHAT_MARKERS = "urn:xmpp:chat-markers:0", "XEP-0333";
    MUC = "http://jabber.org/protocol/muc", "XEP-0045";
    MUC_ADMIN = "http://jabber.org/protocol/muc#admin", "XEP-0045";
    MUC_OWNER = "http://jabber.org/protocol/muc#owner", "XEP-0045";
    MUC_USER = "http://jabber.org/protocol/muc#user", "XEP-0045";
    PUBSUB = "http://jabber.org/protocol/pubsub", "XEP-0060";
    PUBSUB_EVENT = "http://jabber.org/protocol/pubsub#event", "XEP-0060";
    SASL_CB = "urn:xmpp:sasl-cb:0", "XEP-0440";
    ADMIN = "http://jabber.org/protocol/admin", "XEP-0133";
    CONFERENCE = "jabber:x:conference", "XEP-0249";
    NICK = "http://jabber.org/protocol/nick", "XEP-0172";
    REPORTING = "urn:xmpp:reporting:1", "XEP-0377";
    DIALBACK = "jabber:server:dialback", "XEP-0220";
}

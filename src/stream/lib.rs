//! XMPP streams over a transport: c2s, STARTTLS, SASL, bind, resumption.

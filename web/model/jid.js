// Addresses as far as a page needs them; the server prepares them (RFC 7622).

/** The address without its resource. */
export function bare(jid) {
  return (jid ?? "").split("/", 1)[0];
}

/** What stands behind the first `/`. */
export function resource(jid) {
  const slash = (jid ?? "").indexOf("/");
  return slash < 0 ? "" : jid.slice(slash + 1);
}

/** What stands before the `@`; empty for a domain. */
export function local(jid) {
  const at = bare(jid).indexOf("@");
  return at < 0 ? "" : jid.slice(0, at);
}

/** The domain of an address. */
export function domain(jid) {
  const whole = bare(jid);
  return whole.slice(whole.indexOf("@") + 1);
}

/**
 * What somebody typed as a bare address: a name alone is of `home`. Null if it can be none (RFC 7622 §3.3.1 names the
 * forbidden characters).
 */
export function typed(text, home) {
  const whole = text.trim().toLowerCase();
  const parts = whole.split("@");
  if (parts.length > 2) return null;
  const [name, where] = parts.length === 2 ? parts : [whole, home];
  const fits = name && where && !/[\s"&'/:<>]/u.test(name) && !/[\s"&'/:<>]/u.test(where);
  return fits ? `${name}@${where}` : null;
}

/** Escapes a user name for SCRAM (RFC 5802 §5.1). */
export function saslName(name) {
  return name.replaceAll("=", "=3D").replaceAll(",", "=2C");
}

use super::{DOMAIN, said};

#[test]
fn an_address_of_a_plugin_that_is_not_enabled_is_warned_about() {
    let text = format!("[plugins.sun]\nfile = \"x\"\n{DOMAIN}services.sun = \"sun.chess.example\"\n");
    let warning = "c.toml:5: warning: plugin sun is not enabled on chess.example, so sun.chess.example is not served — add \"sun\" \
                   to plugins of the domain, or run castling plugin enable sun";
    assert!(said(&text).contains(&warning.to_owned()), "{:#?}", said(&text));
    let enabled = text.replace("services.sun", "plugins = [\"sun\"]\nservices.sun");
    assert!(!said(&enabled).iter().any(|line| line.contains("sun.chess.example")), "{:#?}", said(&enabled));
}

//! Data forms (XEP-0004), for commands (XEP-0050) at an address of the plugin's own.

use crate::{Element, Field, FieldKind, Form};

/// The namespace of forms.
pub const NAMESPACE: &str = "jabber:x:data";

/// A form as an element. `kind`: `form` if it is to be filled in, or `result`.
pub fn element(form: &Form, kind: &str) -> Element {
    let text =
        |name: &str, text: &str| (!text.is_empty()).then(|| Element::new(name, NAMESPACE).with_text(text));
    Element::new("x", NAMESPACE)
        .attr("type", kind)
        .with_all(text("title", &form.title))
        .with_all(text("instructions", &form.instructions))
        .with_all(form.fields.iter().map(field))
}

fn field(field: &Field) -> Element {
    let value = |value: &String| Element::new("value", NAMESPACE).with_text(value);
    let options = field
        .options
        .iter()
        .map(|(label, of)| Element::new("option", NAMESPACE).attr("label", label).with(value(of)));
    Element::new("field", NAMESPACE)
        .attr("type", kind(field.kind))
        .attr("var", &field.name)
        .opt_attr("label", Some(field.label.as_str()).filter(|label| !label.is_empty()))
        .with_all(field.required.then(|| Element::new("required", NAMESPACE)))
        .with_all(field.values.iter().map(value))
        .with_all(options)
}

fn kind(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Boolean => "boolean",
        FieldKind::Fixed => "fixed",
        FieldKind::Hidden => "hidden",
        FieldKind::JidMulti => "jid-multi",
        FieldKind::JidSingle => "jid-single",
        FieldKind::ListMulti => "list-multi",
        FieldKind::ListSingle => "list-single",
        FieldKind::TextMulti => "text-multi",
        FieldKind::TextPrivate => "text-private",
        FieldKind::TextSingle => "text-single",
    }
}

/// The first value of a field of a form that was filled in, which is a child of `parent`.
pub fn value<'a>(parent: &'a Element, name: &str) -> Option<&'a str> {
    let form = parent.child("x", NAMESPACE)?;
    let field = form.children().iter().find(|one| one.name() == "field" && one.get("var") == Some(name))?;
    Some(field.child("value", NAMESPACE)?.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_and_what_was_filled_in() {
        let time = Field {
            kind: FieldKind::ListSingle,
            name: "time".into(),
            label: "Time".into(),
            required: true,
            values: vec!["5+3".into()],
            options: vec![("5 minutes".into(), "5+3".into())],
        };
        let form = Form { title: "Seek".into(), instructions: String::new(), fields: vec![time] };
        let form = Element::client("iq").with(element(&form, "form"));
        assert_eq!(value(&form, "time"), Some("5+3"));
        assert_eq!((value(&form, "none"), value(&Element::client("iq"), "time")), (None, None));
        assert!(form.to_xml().contains("<option label='5 minutes'><value>5+3</value></option>"));
    }
}

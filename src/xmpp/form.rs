//! Data forms (XEP-0004): questions to a user, and the answers.

mod field;

pub use field::{Choice, Field, FieldType};

use crate::{Element, Node, ns};

/// The field that names what a form is about (XEP-0068).
const FORM_TYPE: &str = "FORM_TYPE";

/// What a form is for (XEP-0004 section 3.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FormType {
    /// To be filled in.
    Form,
    /// Filled in.
    Submit,
    /// Not filled in: the user has cancelled.
    Cancel,
    /// Data for the user.
    Result,
}

impl FormType {
    const ALL: [Self; 4] = [Self::Form, Self::Submit, Self::Cancel, Self::Result];

    /// The `type` attribute.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Submit => "submit",
            Self::Cancel => "cancel",
            Self::Result => "result",
        }
    }
}

/// A data form, without the table (`<reported/>`, `<item/>`) that a result may have. It has no `Debug`, since its fields may
/// hold passwords.
#[derive(Clone, Eq, PartialEq)]
pub struct Form {
    pub form_type: FormType,
    pub title: Option<String>,
    /// Paragraphs; none contains a line break.
    pub instructions: Vec<String>,
    pub fields: Vec<Field>,
}

impl Form {
    /// A form without title and fields.
    pub fn new(form_type: FormType) -> Self {
        Self { form_type, title: None, instructions: Vec::new(), fields: Vec::new() }
    }

    /// The same with a title.
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..self }
    }

    /// The same with one more paragraph of instructions.
    pub fn instructions(mut self, paragraph: impl Into<String>) -> Self {
        self.instructions.push(paragraph.into());
        self
    }

    /// The same with a hidden field `FORM_TYPE` (XEP-0068), which comes first.
    pub fn about(mut self, name: &str) -> Self {
        self.fields.insert(0, Field::new(FieldType::Hidden, FORM_TYPE).value(name));
        self
    }

    /// The same with one more field.
    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// Reads an `<x/>`; `None` unless it is a data form of a known type. How much is in it is bounded by the limits that the
    /// document was parsed with.
    pub fn read(x: Node<'_>) -> Option<Self> {
        if !x.is("x", ns::DATA_FORMS) {
            return None;
        }
        let name = x.attr("type")?;
        let form_type = FormType::ALL.into_iter().find(|one| one.as_str() == name)?;
        let mut form = Self::new(form_type);
        for child in x.children().filter(|child| child.ns() == ns::DATA_FORMS) {
            match child.name() {
                "title" => form.title = Some(child.text().into_owned()),
                "instructions" => form.instructions.push(child.text().into_owned()),
                "field" => form.fields.push(Field::read(child)),
                _ => {}
            }
        }
        Some(form)
    }

    /// The `<x/>`.
    pub fn to_element(&self) -> Element {
        let mut x = Element::new("x", ns::DATA_FORMS).attr("type", self.form_type.as_str());
        if let Some(title) = &self.title {
            x.push(Element::new("title", ns::DATA_FORMS).text(title));
        }
        for paragraph in &self.instructions {
            x.push(Element::new("instructions", ns::DATA_FORMS).text(paragraph));
        }
        x.with_children(self.fields.iter().map(Field::to_element))
    }

    /// The first field of this name.
    pub fn get(&self, var: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.var.as_deref() == Some(var))
    }

    /// The values of the field of this name; empty if the field is absent.
    pub fn values(&self, var: &str) -> &[String] {
        self.get(var).map(|field| &*field.values).unwrap_or_default()
    }

    /// What the form is about: the value of its field `FORM_TYPE` (XEP-0068).
    pub fn subject(&self) -> Option<&str> {
        self.get(FORM_TYPE).and_then(Field::first)
    }

    /// The names of the fields that have to be filled in.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(|field| field.required).filter_map(|field| field.var.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stanza;

    fn read(xml: &str) -> Option<Form> {
        let message = Stanza::parse_str(&format!("<message>{xml}</message>")).unwrap();
        Form::read(message.payload().unwrap())
    }

    fn xml(form: &Form) -> String {
        form.to_element().to_xml(ns::CLIENT)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let form = Form::new(FormType::Form)
            .title("Bot <1>")
            .instructions("Fill it in.")
            .instructions("All of it.")
            .field(
                Field::new(FieldType::ListSingle, "level")
                    .label("Level")
                    .desc("How strong")
                    .required()
                    .value("1")
                    .choice("weak", "1")
                    .choice("", "2"),
            )
            .field(Field::new(FieldType::TextMulti, "lines").value("a").value("b & c"))
            .about("urn:example:bot");
        let expected = "<x xmlns='jabber:x:data' type='form'><title>Bot &lt;1&gt;</title>\
            <instructions>Fill it in.</instructions><instructions>All of it.</instructions>\
            <field var='FORM_TYPE' type='hidden'><value>urn:example:bot</value></field>\
            <field var='level' type='list-single' label='Level'><desc>How strong</desc><required/><value>1</value>\
            <option label='weak'><value>1</value></option><option><value>2</value></option></field>\
            <field var='lines' type='text-multi'><value>a</value><value>b &amp; c</value></field></x>";
        assert_eq!(xml(&form), expected);
        let again = read(expected).unwrap();
        assert!(again == form);
        assert_eq!(
            (again.subject(), again.values("lines")),
            (Some("urn:example:bot"), &["a".into(), "b & c".into()][..])
        );
        assert_eq!(again.required().collect::<Vec<_>>(), ["level"]);
    }

    #[test]
    fn a_submitted_form_says_no_types() {
        let form = read(
            "<x xmlns='jabber:x:data' type='submit'><field var='a'><value>1</value></field>\
             <field var='b' type='calendar'/><field><value>x</value></field><field var='a'><value>2</value></field>\
             <y xmlns='urn:example'/><reported><field var='c'><value>3</value></field></reported></x>",
        )
        .unwrap();
        assert!(form.form_type == FormType::Submit && form.title.is_none() && form.fields.len() == 4);
        assert_eq!(
            (form.values("a"), form.values("b").len(), form.values("c").len()),
            (&["1".into()][..], 0, 0)
        );
        assert!(form.get("b").unwrap().field_type == FieldType::TextSingle, "a type that is not known");
        assert!(form.get("x").is_none() && form.subject().is_none());
    }

    #[test]
    fn what_is_not_a_form() {
        for xml in [
            "<x xmlns='jabber:x:data'/>",
            "<x xmlns='jabber:x:data' type='Form'/>",
            "<x xmlns='urn:example' type='form'/>",
            "<y xmlns='jabber:x:data' type='form'/>",
        ] {
            assert!(read(xml).is_none(), "{xml}");
        }
        assert!(read("<x xmlns='jabber:x:data' type='cancel'/>").unwrap().form_type == FormType::Cancel);
    }

    #[test]
    fn booleans() {
        let flag = |value: &str| Field::new(FieldType::Boolean, "b").value(value).flag();
        let flags = ["0", "false", "1", "true", "TRUE", ""].map(flag);
        assert_eq!(flags, [Some(false), Some(false), Some(true), Some(true), None, None]);
        assert_eq!(Field::new(FieldType::Boolean, "b").flag(), None);
    }
}

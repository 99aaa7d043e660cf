//! A field of a data form.

use crate::{Element, Node, ns};

/// What a field holds (XEP-0004 section 3.3).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum FieldType {
    Boolean,
    /// A text between the fields.
    Fixed,
    Hidden,
    JidMulti,
    JidSingle,
    ListMulti,
    ListSingle,
    TextMulti,
    TextPrivate,
    /// Also stands for types that are not known, and for an absent one.
    #[default]
    TextSingle,
}

impl FieldType {
    const ALL: [Self; 10] = [
        Self::Boolean,
        Self::Fixed,
        Self::Hidden,
        Self::JidMulti,
        Self::JidSingle,
        Self::ListMulti,
        Self::ListSingle,
        Self::TextMulti,
        Self::TextPrivate,
        Self::TextSingle,
    ];

    /// The `type` attribute.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Fixed => "fixed",
            Self::Hidden => "hidden",
            Self::JidMulti => "jid-multi",
            Self::JidSingle => "jid-single",
            Self::ListMulti => "list-multi",
            Self::ListSingle => "list-single",
            Self::TextMulti => "text-multi",
            Self::TextPrivate => "text-private",
            Self::TextSingle => "text-single",
        }
    }

    fn read(name: &str) -> Self {
        Self::ALL.into_iter().find(|one| one.as_str() == name).unwrap_or_default()
    }
}

/// One of the values that a list offers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Choice {
    /// What the user is shown; empty: the value.
    pub label: String,
    pub value: String,
}

/// A field (XEP-0004 section 3.2). It has no `Debug`, since its values may be secret.
#[derive(Clone, Eq, PartialEq)]
pub struct Field {
    /// Its name; only a fixed text may lack one.
    pub var: Option<String>,
    pub field_type: FieldType,
    /// What the user is shown.
    pub label: Option<String>,
    /// An explanation.
    pub desc: Option<String>,
    pub required: bool,
    /// Most types have one at most; a `text-multi` has one for each line.
    pub values: Vec<String>,
    /// What a list offers.
    pub choices: Vec<Choice>,
}

impl Field {
    /// A field without values.
    pub fn new(field_type: FieldType, var: &str) -> Self {
        Self {
            var: Some(var.to_owned()),
            field_type,
            label: None,
            desc: None,
            required: false,
            values: Vec::new(),
            choices: Vec::new(),
        }
    }

    /// A text between the fields.
    pub fn fixed(text: impl Into<String>) -> Self {
        Self { var: None, ..Self::new(FieldType::Fixed, "") }.value(text)
    }

    /// The same with a label.
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// The same with an explanation.
    pub fn desc(self, desc: impl Into<String>) -> Self {
        Self { desc: Some(desc.into()), ..self }
    }

    /// The same, but it has to be filled in.
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same with one more value.
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.values.push(value.into());
        self
    }

    /// The same with one more value to choose from.
    pub fn choice(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.choices.push(Choice { label: label.into(), value: value.into() });
        self
    }

    /// The first value.
    pub fn first(&self) -> Option<&str> {
        self.values.first().map(String::as_str)
    }

    /// The value of a boolean; `None` if it is absent or not a boolean.
    pub fn flag(&self) -> Option<bool> {
        match self.first()? {
            "0" | "false" => Some(false),
            "1" | "true" => Some(true),
            _ => None,
        }
    }

    pub(super) fn read(field: Node<'_>) -> Self {
        let text = |name| field.child(name, ns::DATA_FORMS).map(|child| child.text().into_owned());
        Self {
            var: field.attr("var").map(Into::into),
            field_type: field.attr("type").map(|name| FieldType::read(&name)).unwrap_or_default(),
            label: field.attr("label").map(Into::into),
            desc: text("desc"),
            required: field.child("required", ns::DATA_FORMS).is_some(),
            values: named(field, "value").map(|value| value.text().into_owned()).collect(),
            choices: named(field, "option").filter_map(choice).collect(),
        }
    }

    pub(super) fn to_element(&self) -> Element {
        let mut field = Element::new("field", ns::DATA_FORMS)
            .opt_attr("var", self.var.as_deref())
            .attr("type", self.field_type.as_str())
            .opt_attr("label", self.label.as_deref());
        if let Some(desc) = &self.desc {
            field.push(Element::new("desc", ns::DATA_FORMS).text(desc));
        }
        if self.required {
            field.push(Element::new("required", ns::DATA_FORMS));
        }
        field.with_children(self.values.iter().map(|one| value(one))).with_children(self.choices.iter().map(
            |one| {
                let label = Some(&one.label).filter(|label| !label.is_empty());
                Element::new("option", ns::DATA_FORMS).opt_attr("label", label).child(value(&one.value))
            },
        ))
    }
}

fn named<'a>(node: Node<'a>, name: &'static str) -> impl Iterator<Item = Node<'a>> {
    node.children().filter(move |child| child.is(name, ns::DATA_FORMS))
}

fn choice(option: Node<'_>) -> Option<Choice> {
    let value = option.child("value", ns::DATA_FORMS)?.text().into_owned();
    Some(Choice { label: option.attr("label").unwrap_or_default().into_owned(), value })
}

fn value(text: &str) -> Element {
    Element::new("value", ns::DATA_FORMS).text(text)
}

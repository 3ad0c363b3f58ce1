//! The types of a scene as data: which fields there are, what they hold, what they mean.
//!
//! Read off the types themselves (their JSON schema), so that edits, messages and `docs/scene.md`
//! cannot fall behind.

use std::sync::OnceLock;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::Scene;

/// Shape of a value: the values that it can take.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// `( field: value, … )`.
    Struct(Struct),
    /// One of several words, each perhaps with fields.
    Enum(Vec<Variant>),
    /// `[ value, … ]`.
    List(Box<Shape>),
    /// `( value, … )`, and how many of the values, from the first on, are required.
    Tuple(Vec<Shape>, usize),
    /// Value that is a string.
    Text,
    /// A whole number.
    Integer,
    /// Value that is a number.
    Number,
    /// `true` or `false`.
    Bool,
    /// Type that no scene uses yet.
    Unknown,
}

/// A group of fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Struct {
    /// Description of the group.
    pub doc: String,
    /// Fields in the order of the type.
    pub fields: Vec<Field>,
}

/// Field of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Name of the field.
    pub name: String,
    /// Meaning, unit, source.
    pub doc: String,
    /// Shape of its value.
    pub shape: Shape,
    /// Whether it can be `None`.
    pub optional: bool,
    /// Whether a scene must give it.
    pub required: bool,
    /// Value if the scene does not give it, as written in a scene. `None` for required fields, and
    /// for fields that are then absent.
    pub default: Option<String>,
    /// Least and greatest allowed number.
    pub range: Option<(String, String)>,
}

/// Variant of an enum.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Name of the variant.
    pub name: String,
    /// Meaning of the variant.
    pub doc: String,
    /// Fields of the variant; `None` for a bare word.
    pub content: Option<Shape>,
}

/// Returns the shape of [`Scene`].
pub fn scene() -> &'static Shape {
    static SHAPE: OnceLock<Shape> = OnceLock::new();
    SHAPE.get_or_init(of::<Scene>)
}

/// Returns the shape of a type.
pub fn of<T: JsonSchema>() -> Shape {
    let schema = schemars::schema_for!(T).to_value();
    Reader { root: &schema }.shape(&schema)
}

struct Reader<'s> {
    root: &'s Value,
}

impl Reader<'_> {
    fn shape(&self, schema: &Value) -> Shape {
        let schema = self.target(schema);
        if let Some(variants) = schema.get("oneOf").and_then(Value::as_array) {
            return Shape::Enum(variants.iter().filter_map(|v| self.variant(v)).collect());
        }
        match type_name(schema) {
            "object" => Shape::Struct(self.group(schema)),
            "array" => self.sequence(schema),
            "string" => Shape::Text,
            "integer" => Shape::Integer,
            "number" => Shape::Number,
            "boolean" => Shape::Bool,
            _ => Shape::Unknown,
        }
    }

    fn sequence(&self, schema: &Value) -> Shape {
        if let Some(items) = schema.get("prefixItems").and_then(Value::as_array) {
            let least = schema.get("minItems").and_then(Value::as_u64).map_or(items.len(), |n| n as usize);
            return Shape::Tuple(items.iter().map(|i| self.shape(i)).collect(), least);
        }
        let item = schema.get("items").map_or(Shape::Unknown, |i| self.shape(i));
        // serde reads arrays of fixed length as tuples, and so does RON.
        match (schema.get("minItems").and_then(Value::as_u64), schema.get("maxItems").and_then(Value::as_u64))
        {
            (Some(low), Some(high)) if low == high => Shape::Tuple(vec![item; low as usize], low as usize),
            _ => Shape::List(Box::new(item)),
        }
    }

    fn group(&self, schema: &Value) -> Struct {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let none = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let field = |(name, property): (&String, &Value)| {
            let shape = self.shape(property);
            let number = |key: &str| property.get(key).map(ToString::to_string);
            let whole_range = number("minimum").zip(number("maximum"));
            Field {
                name: name.clone(),
                doc: doc(property).or_else(|| doc(self.target(property))).unwrap_or_default(),
                optional: property.get("type").is_some_and(Value::is_array) || or_null(property).is_some(),
                required: required.contains(&name.as_str()),
                default: property
                    .get("default")
                    .filter(|d| !d.is_null())
                    .map(|d| written(d, &shape, property.get("format").and_then(Value::as_str))),
                range: whole_range,
                shape,
            }
        };
        Struct { doc: doc(schema).unwrap_or_default(), fields: properties.iter().map(field).collect() }
    }

    fn variant(&self, schema: &Value) -> Option<Variant> {
        let doc = doc(schema).unwrap_or_default();
        if let Some(name) = schema.get("const").and_then(Value::as_str) {
            return Some(Variant { name: name.to_owned(), doc, content: None });
        }
        let (name, content) = schema.get("properties")?.as_object()?.iter().next()?;
        Some(Variant { name: name.clone(), doc, content: Some(self.shape(content)) })
    }

    /// Follows `$ref`, also within optional types.
    fn target<'v>(&'v self, schema: &'v Value) -> &'v Value {
        let schema = or_null(schema).unwrap_or(schema);
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/"));
        name.and_then(|n| self.root.get("$defs")?.get(n)).unwrap_or(schema)
    }
}

/// Returns the schema of "one of these, or null" without the null.
fn or_null(schema: &Value) -> Option<&Value> {
    let [one, null] = schema.get("anyOf")?.as_array()?.as_slice() else { return None };
    (type_name(null) == "null").then_some(one)
}

/// Returns the name of a schema's type; of `["integer", "null"]` the first. Empty if it has none.
fn type_name(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => names.first().and_then(Value::as_str).unwrap_or(""),
        _ => "",
    }
}

fn doc(schema: &Value) -> Option<String> {
    schema.get("description").and_then(Value::as_str).map(|d| d.replace('\n', " "))
}

/// Formats a default as in a scene.
fn written(value: &Value, shape: &Shape, format: Option<&str>) -> String {
    match (value, shape) {
        (Value::String(word), Shape::Enum(_)) => word.clone(),
        (Value::Number(n), _) if format == Some("float") => {
            n.as_f64().map_or_else(|| n.to_string(), |f| (f as f32).to_string())
        }
        (Value::Array(items), Shape::Tuple(shapes, _)) => {
            let items: Vec<String> = items.iter().zip(shapes).map(|(i, s)| written(i, s, None)).collect();
            format!("({})", items.join(", "))
        }
        (Value::Array(items), Shape::List(shape)) => {
            let items: Vec<String> = items.iter().map(|i| written(i, shape, None)).collect();
            format!("[{}]", items.join(", "))
        }
        (Value::Object(_), _) => "( )".to_owned(),
        (other, _) => other.to_string(),
    }
}

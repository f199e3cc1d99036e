//! YAML into types, with errors that name file, line, column and the nearest right name.
//!
//! Stricter than serde_yaml: a key that stands twice in a mapping, a second document, a byte order mark and an
//! oversized file are refused. Read by it: profiles, the catalogue, scenarios, defects. [`Text`] keeps an
//! empty value from passing as text.

use std::{collections::BTreeSet, fmt, fs, io, io::Read as _, path::Path};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, DeserializeSeed, EnumAccess, IgnoredAny, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor},
};

/// Octets that a file may have.
pub const LIMIT: usize = 1 << 20;

/// What is wrong with a file: one thing, the first that was met.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct YamlError {
    /// Name of the file, as given by the caller.
    pub file: String,
    /// Line, 1-based; 1 where the file as a whole is meant.
    pub line: usize,
    /// Column, in characters, 1-based.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl YamlError {
    /// An error about the file as a whole.
    pub fn whole(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: 1, column: 1, message: message.into() }
    }
}

/// Reads the text of a file.
///
/// # Errors
/// [`YamlError`] for a file that cannot be read, has more than [`LIMIT`] octets or is not UTF-8.
pub fn load(path: &Path) -> Result<String, YamlError> {
    let file = path.display().to_string();
    let read = || -> io::Result<Vec<u8>> {
        let mut octets = Vec::new();
        fs::File::open(path)?.take(LIMIT as u64 + 1).read_to_end(&mut octets)?;
        Ok(octets)
    };
    let octets = read().map_err(|error| YamlError::whole(&file, format!("could not be read: {error}")))?;
    if octets.starts_with(&[0xff, 0xfe]) || octets.starts_with(&[0xfe, 0xff]) {
        return Err(YamlError::whole(&file, "begins with a byte order mark of UTF-16; save it as UTF-8 without one"));
    }
    if octets.len() > LIMIT {
        return Err(too_large(&file));
    }
    String::from_utf8(octets).map_err(|error| {
        let good = String::from_utf8_lossy(error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default()).into_owned();
        let (line, column) = end_of(&good);
        YamlError { file, line, column, message: "not UTF-8 from here on; save it as UTF-8".to_owned() }
    })
}

/// Reads `text` as one `T`; `file` is only a name.
///
/// # Errors
/// [`YamlError`], exactly one.
pub fn from_str<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, YamlError> {
    if text.len() > LIMIT {
        return Err(too_large(file));
    }
    if text.starts_with('\u{feff}') {
        return Err(YamlError::whole(file, "begins with a byte order mark; save it as UTF-8 without one"));
    }
    if let Some(line) = second_document(text) {
        let message = "a second document begins here; write each into a file of its own".to_owned();
        return Err(YamlError { file: file.to_owned(), line, column: 1, message });
    }
    // Two passes: the first knows every mapping, the second only those that `T` asks for.
    serde_yaml::from_str::<Sound>(text).and_then(|Sound| serde_yaml::from_str(text)).map_err(|error| explain(file, text, &error))
}

/// Text as YAML means it: an empty value is refused, as are numbers and truth values without quotes.
///
/// serde_yaml itself reads an empty value into a `String` as "", and `4.20` as "4.20".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, |text| Ok(Self(text.to_owned())))
    }
}

/// For `#[serde(deserialize_with = "yaml::text")]`: a field that must be [`Text`].
///
/// # Errors
/// The deserializer's, with what is wanted.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Text::deserialize(deserializer).map(|text| text.0)
}

/// Reads [`Text`] and gives it to `parse`, whose error then has the place of the value.
///
/// # Errors
/// The deserializer's, or what `parse` says.
pub fn parsed<'de, D: Deserializer<'de>, T>(deserializer: D, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<T, D::Error> {
    deserializer.deserialize_any(Parse(parse))
}

/// As [`parsed`], but takes a number, a truth value or nothing as it is spelled.
///
/// # Errors
/// The deserializer's, or what `parse` says.
pub fn parsed_word<'de, D: Deserializer<'de>, T>(deserializer: D, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<T, D::Error> {
    deserializer.deserialize_str(Parse(parse))
}

/// The name among `right` that `wrong` was probably meant to be; case, blanks, hyphens and underscores count little.
#[must_use]
pub fn nearest<'a>(wrong: &str, right: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    fn plain(name: &str) -> String {
        name.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).flat_map(char::to_lowercase).collect()
    }
    let wrong = plain(wrong);
    if wrong.len() > 64 {
        return None;
    }
    right
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&wrong, &plain(name)), name))
        .filter(|(distance, name)| *distance <= (name.len() / 3).clamp(1, 4))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Says that `wrong` is no `what`: with the nearest right name, else with all of them.
#[must_use]
pub fn unknown<'a>(what: &str, wrong: &str, right: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(wrong, right.clone()) {
        Some(name) => format!("unknown {what} `{wrong}`; did you mean `{name}`?"),
        None => {
            let names: Vec<_> = right.into_iter().map(|name| format!("`{name}`")).collect();
            format!("unknown {what} `{wrong}`, expected one of {}", names.join(", "))
        }
    }
}

fn too_large(file: &str) -> YamlError {
    YamlError::whole(file, format!("more than {LIMIT} octets, which is the limit"))
}

/// Line (1-based) of a document marker behind content. A marker at the start of a line ends any scalar, so text suffices.
fn second_document(text: &str) -> Option<usize> {
    let mut content = false;
    for (number, line) in text.lines().enumerate() {
        let marker = line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']));
        if marker && content {
            return Some(number + 1);
        }
        let blank = line.trim_start().is_empty() || line.trim_start().starts_with('#') || line.starts_with('%');
        content = content || marker || !blank;
    }
    None
}

fn end_of(text: &str) -> (usize, usize) {
    let last = text.rsplit('\n').next().unwrap_or_default();
    (text.matches('\n').count() + 1, last.chars().count() + 1)
}

fn explain(file: &str, text: &str, error: &serde_yaml::Error) -> YamlError {
    let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
    let mut message = error.to_string();
    // The place is said once, in front.
    let place = format!(" at line {line} column {column}");
    if let Some(at) = message.rfind(&place) {
        message.replace_range(at..at + place.len(), "");
    }
    if text.lines().nth(line - 1).and_then(|l| l.chars().nth(column - 1)) == Some('\t') {
        "a tab stands here; YAML indents with spaces".clone_into(&mut message);
    } else {
        message = with_nearest(message);
    }
    YamlError { file: file.to_owned(), line, column, message }
}

/// An error of serde's derive, with the nearest right name where it lists them: ``unknown field `a`, expected `b` or `c` ``.
pub(crate) fn with_nearest(error: impl fmt::Display) -> String {
    let message = error.to_string();
    let nearest_of = || {
        let (_, found) = message.split_once("unknown field `").or_else(|| message.split_once("unknown variant `"))?;
        let (wrong, rest) = found.split_once("`, expected ")?;
        nearest(wrong, rest.split('`').skip(1).step_by(2))
    };
    match nearest_of() {
        Some(name) => format!("{message}; did you mean `{name}`?"),
        None => message,
    }
}

/// Accepts any document in which no mapping has a key twice. The depth is bounded by serde_yaml (128).
struct Sound;

impl<'de> Deserialize<'de> for Sound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Sound {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Self, E> {
        Err(E::custom("the file is empty"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self, A::Error> {
        let mut keys = BTreeSet::new();
        while entries.next_key_seed(Key(&mut keys))?.is_some() {
            entries.next_value::<Self>()?;
        }
        Ok(self)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Self, A::Error> {
        tagged.variant::<IgnoredAny>()?.1.newtype_variant::<Self>()
    }
}

/// Takes a key that is not among `0` yet. It errs inside the key's own deserialization, so that the error has its place.
struct Key<'a>(&'a mut BTreeSet<String>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        parsed_word(
            deserializer,
            |key| {
                if self.0.insert(key.to_owned()) { Ok(()) } else { Err(format!("`{key}` stands twice in this mapping")) }
            },
        )
    }
}

struct Parse<F>(F);

impl<T, F: FnOnce(&str) -> Result<T, String>> Visitor<'_> for Parse<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<T, E> {
        Err(E::custom("nothing stands here where text is wanted"))
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<T, E> {
        Err(quote(Unexpected::Bool(value)))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<T, E> {
        Err(quote(Unexpected::Signed(value)))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<T, E> {
        Err(quote(Unexpected::Unsigned(value)))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<T, E> {
        Err(quote(Unexpected::Float(value)))
    }
}

fn quote<E: serde::de::Error>(found: Unexpected<'_>) -> E {
    E::custom(format_args!("{found} where text is wanted; put it in quotes"))
}

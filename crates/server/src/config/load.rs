//! Reading the settings: each key of the file and each variable is held against the settings by itself, so that all
//! faults come at once, each with where it came from. It never repeats the value of a secret, not even a wrong one.

use std::fmt::Display;
use std::path::Path;

use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value};
use figment::{Figment, Profile, Provider};

use super::{Config, ConfigError, FILE, OidcConfig};

/// What begins every variable.
const PREFIX: &str = "AHQ_";
/// Variables of the test suite, which are no settings.
const TEST_ONLY: [&str; 2] = ["AHQ_REQUIRE_POSTGRES", "AHQ_POSTGRES_BIN"];
/// Settings whose value is never repeated.
const SECRET: [&str; 4] = [
    "database.address",
    "database.secret",
    "mail.password",
    "attachments.key",
];

/// How the setting ends that is such a one of a provider of identities, whatever that is called.
const PROVIDER_SECRET: &str = ".client_secret";
/// The section whose sections are named by the operator.
const PROVIDERS: &str = "oidc.";

/// One setting as it was found.
struct Found {
    /// `server.listen`.
    key: String,
    /// The file or variable it came from.
    place: String,
    /// What it may mean, the likeliest first: a variable is text, and may be text that is a number.
    meanings: Vec<Value>,
}

/// Lays the file and the variables over the defaults.
pub(super) fn load(
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let defaults = Figment::from(Serialized::defaults(Config::default()));
    let mut found = of_file(file)?;
    found.extend(of_variables(variables));
    let known = known_keys(&defaults, &found)?;
    let (mut settings, mut faults) = (defaults.clone(), Vec::new());
    for Found { key, place, meanings } in found {
        if !known.contains(&key) {
            faults.push(unknown(&key, &place, &known));
            continue;
        }
        let mut refused = None;
        let fits = meanings.into_iter().find(|meaning| {
            let alone = defaults.clone().merge(Serialized::default(&key, meaning));
            refused = alone.extract::<Config>().err();
            refused.is_none()
        });
        match (fits, refused) {
            (Some(value), _) => settings = settings.merge(Serialized::default(&key, value)),
            (None, Some(error)) if !SECRET.contains(&key.as_str()) && !key.ends_with(PROVIDER_SECRET) => {
                faults.push(format!("{key} in {place}: {}", error.kind));
            }
            (None, _) => faults.push(format!("{key} in {place}: has to be a text in quotes")),
        }
    }
    let config: Config = settings.extract().map_err(|error| ConfigError(error.to_string()))?;
    faults.extend(config.faults());
    if faults.is_empty() {
        Ok(config)
    } else {
        Err(ConfigError(format!(
            "the settings cannot be used:\n  {}",
            faults.join("\n  ")
        )))
    }
}

/// All keys there are: those of the defaults, and those of each provider of identities that is named.
fn known_keys(defaults: &Figment, found: &[Found]) -> Result<Vec<String>, ConfigError> {
    let sections: Dict = defaults.extract().map_err(|error| ConfigError(error.to_string()))?;
    let keys = sections
        .iter()
        .flat_map(|(section, keys)| keys.as_dict().into_iter().flatten().map(move |(key, _)| (section, key)));
    let mut known: Vec<String> = keys.map(|(section, key)| format!("{section}.{key}")).collect();
    let provider: Dict = Figment::from(Serialized::defaults(OidcConfig::default()))
        .extract()
        .map_err(|error| ConfigError(error.to_string()))?;
    let named = found.iter().filter_map(|found| found.key.strip_prefix(PROVIDERS));
    for name in named.filter_map(|key| Some(key.split_once('.')?.0)) {
        known.extend(provider.keys().map(|key| format!("{PROVIDERS}{name}.{key}")));
    }
    Ok(known)
}

fn of_file(file: Option<&Path>) -> Result<Vec<Found>, ConfigError> {
    let path = file.unwrap_or_else(|| Path::new(FILE));
    let place = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && file.is_none() => return Ok(Vec::new()),
        Err(error) => {
            return Err(ConfigError(format!(
                "the settings in {place} cannot be read ({error}): name a file that can, or none"
            )));
        }
    };
    let mut profiles = Toml::string(&text)
        .data()
        .map_err(|error| ConfigError(format!("{place} is not TOML: {}", without_source(&error.kind))))?;
    let sections = profiles.remove(&Profile::Default).unwrap_or_default();
    let mut found = Vec::new();
    for (section, value) in sections {
        let mut add = |key: String, value| {
            found.push(Found {
                key,
                place: place.clone(),
                meanings: vec![value],
            });
        };
        match value {
            Value::Dict(_, keys) if !keys.is_empty() => {
                for (key, value) in keys {
                    match value {
                        Value::Dict(_, inner) if section == "oidc" => inner
                            .into_iter()
                            .for_each(|(name, value)| add(format!("{section}.{key}.{name}"), value)),
                        value => add(format!("{section}.{key}"), value),
                    }
                }
            }
            // A section without keys changes nothing, but has to be one.
            Value::Dict(..) if Config::SECTIONS.contains(&section.as_str()) => {}
            other => add(section, other),
        }
    }
    Ok(found)
}

/// What the parser says, without the line it quotes: that may hold a secret.
fn without_source(error: &impl Display) -> String {
    let quoted = |line: &str| {
        line.trim_start()
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .trim_start()
            .starts_with('|')
    };
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().filter(|line| !quoted(line)).collect();
    lines.join(": ")
}

fn of_variables(variables: impl IntoIterator<Item = (String, String)>) -> impl Iterator<Item = Found> {
    variables.into_iter().filter_map(|(name, text)| {
        if TEST_ONLY.contains(&name.as_str()) {
            return None;
        }
        let key = name.strip_prefix(PREFIX)?.to_lowercase().replace("__", ".");
        let number = text.parse::<Value>().ok();
        Some(Found {
            key,
            place: format!("the variable {name}"),
            meanings: std::iter::once(Value::from(text)).chain(number).collect(),
        })
    })
}

fn unknown(key: &str, place: &str, known: &[String]) -> String {
    let last = |key: &str| key.rsplit('.').next().map(ToOwned::to_owned);
    let nearest = known.iter().min_by_key(|known| {
        let whole = distance(key, known);
        if last(key) == last(known) { whole.min(1) } else { whole }
    });
    match nearest {
        Some(nearest) => format!("{key} in {place}: there is no such setting; {nearest} is the nearest"),
        None => format!("{key} in {place}: there is no such setting"),
    }
}

/// How many letters have to be added, left out or changed to make one of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (j, b) in other.iter().enumerate() {
            let here = (diagonal + usize::from(a != *b)).min(left + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j] = left;
            left = here;
        }
        row[other.len()] = left;
    }
    row[other.len()]
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

//! What the program is made of: a list of its parts as CycloneDX, from the lock file that it was built with.

use std::collections::{BTreeMap, BTreeSet};

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// Every package that building and testing may use, with its version, where it comes from, and its hash.
const LOCK: &str = include_str!("../../../Cargo.lock");
/// The program's own crates: the lock does not say which of their dependencies are for tests alone.
const OWN: [(&str, &str); 7] = [
    ("ahq-server", include_str!("../Cargo.toml")),
    ("ahq-api", include_str!("../../api/Cargo.toml")),
    ("ahq-exchange", include_str!("../../exchange/Cargo.toml")),
    ("ahq-store", include_str!("../../store/Cargo.toml")),
    ("ahq-render", include_str!("../../render/Cargo.toml")),
    ("ahq-mail", include_str!("../../mail/Cargo.toml")),
    ("ahq-domain", include_str!("../../domain/Cargo.toml")),
];
/// The crate that is the program.
const PROGRAM: &str = "ahq-server";

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Package {
    /// Its address in the registry (purl).
    fn address(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    dependencies: BTreeMap<String, IgnoredAny>,
    #[serde(default, rename = "build-dependencies")]
    build_dependencies: BTreeMap<String, IgnoredAny>,
}

/// The list of parts, CycloneDX 1.6: what the program is built from with all its features, on any system. It is the same
/// each time.
///
/// # Errors
/// What is embedded cannot be read.
pub fn document() -> Result<Value, String> {
    let packages = read::<Lock>(LOCK)?.package;
    let mut wanted = BTreeMap::new();
    for (name, manifest) in OWN {
        let Manifest {
            mut dependencies,
            build_dependencies,
        } = read(manifest)?;
        dependencies.extend(build_dependencies);
        wanted.insert(name, dependencies.into_keys().collect::<BTreeSet<_>>());
    }
    let needed = |package: &Package| -> Vec<usize> {
        let own = wanted.get(package.name.as_str());
        let named = package.dependencies.iter().filter_map(|entry| find(&packages, entry));
        named
            .filter(|index| own.is_none_or(|own| packages.get(*index).is_some_and(|found| own.contains(&found.name))))
            .collect()
    };
    let program = find(&packages, PROGRAM).ok_or("the lock does not name the program")?;
    let mut seen = BTreeSet::from([program]);
    let mut left = vec![program];
    while let Some(package) = left.pop().and_then(|index| packages.get(index)) {
        left.extend(needed(package).into_iter().filter(|index| seen.insert(*index)));
    }
    let parts = || seen.iter().filter_map(|index| packages.get(*index));
    let addresses = |package: &Package| -> Vec<String> {
        needed(package)
            .into_iter()
            .filter_map(|index| packages.get(index))
            .map(Package::address)
            .collect()
    };
    let root = packages.get(program).map(Package::address);
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {
            "type": "application",
            "bom-ref": root,
            "name": "ahq",
            "version": env!("CARGO_PKG_VERSION"),
            "licenses": [{"license": {"id": "EUPL-1.2"}}],
        }},
        "components": parts().filter(|part| part.name != PROGRAM).map(component).collect::<Vec<_>>(),
        "dependencies": parts()
            .map(|part| json!({"ref": part.address(), "dependsOn": addresses(part)}))
            .collect::<Vec<_>>(),
    }))
}

fn component(part: &Package) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": part.address(),
        "name": part.name,
        "version": part.version,
    });
    // Without a hash it is a crate of the program itself, which no registry has.
    if let (Some(checksum), Some(fields)) = (&part.checksum, component.as_object_mut()) {
        fields.insert("purl".to_owned(), part.address().into());
        let hashes = json!([{"alg": "SHA-256", "content": checksum}]);
        fields.insert("hashes".to_owned(), hashes);
    }
    component
}

/// Which package an entry of the lock means: `name`, or `name version` where there are several.
fn find(packages: &[Package], entry: &str) -> Option<usize> {
    let mut words = entry.split(' ');
    let (name, version) = (words.next()?, words.next());
    packages
        .iter()
        .position(|package| package.name == name && version.is_none_or(|version| package.version == version))
}

fn read<'a, T: Deserialize<'a>>(text: &str) -> Result<T, String> {
    Figment::from(Toml::string(text))
        .extract()
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_program_is_listed_and_nothing_of_the_tests() {
        let document = document().unwrap();
        let parts = document["components"].as_array().unwrap();
        let names: BTreeSet<&str> = parts.iter().filter_map(|part| part["name"].as_str()).collect();
        for name in [
            "ahq-domain",
            "actix-web",
            "diesel",
            "typst",
            "rustls",
            "libsqlite3-sys",
            "openssl-sys",
        ] {
            assert!(names.contains(name), "{name} is missing");
        }
        for name in ["ahq-harness", "proptest", "insta", "pdf-extract"] {
            assert!(!names.contains(name), "{name} is of the tests");
        }
        for part in parts {
            let own = part["name"].as_str().unwrap().starts_with("ahq-");
            let hash = part["hashes"][0]["content"].as_str().map(str::len);
            assert_eq!(hash, (!own).then_some(64), "{part}");
        }
    }

    #[test]
    fn every_reference_leads_to_one_part() {
        let document = document().unwrap();
        let mut known: Vec<&Value> = document["components"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| &part["bom-ref"])
            .collect();
        known.push(&document["metadata"]["component"]["bom-ref"]);
        let distinct: BTreeSet<&str> = known.iter().filter_map(|reference| reference.as_str()).collect();
        assert_eq!(distinct.len(), known.len(), "each part stands once");
        let dependencies = document["dependencies"].as_array().unwrap();
        assert_eq!(dependencies.len(), known.len());
        for entry in dependencies {
            for on in entry["dependsOn"].as_array().unwrap() {
                assert!(distinct.contains(on.as_str().unwrap()), "{on}");
            }
        }
    }
}

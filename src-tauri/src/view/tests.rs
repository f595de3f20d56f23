//! The bindings are generated here, so that a change of a view model can't miss the front end.

use super::*;
use std::collections::BTreeMap;
use ts_rs::{Config, TypeVisitor};

const HEADER: &str =
    "// Generated from src-tauri/src/view.rs by `cargo test -p countersign-app bindings`. Do not edit.\n";

/// Every type reachable from the roots, by name, as TypeScript.
struct Declarations {
    config: Config,
    found: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if T::output_path().is_none() || self.found.contains_key(&T::ident(&self.config)) {
            return;
        }
        let docs = T::docs().unwrap_or_default();
        self.found.insert(T::ident(&self.config), format!("{docs}export {}\n", T::decl(&self.config)));
        T::visit_dependencies(self);
    }
}

fn bindings() -> String {
    let mut all = Declarations { config: Config::new().with_large_int("number"), found: BTreeMap::new() };
    all.visit::<Event>();
    all.visit::<Failure>();
    all.visit::<Seal>();
    all.visit::<NewServer>();
    all.visit::<ServerDetail>();
    all.visit::<Enrolment>();
    all.visit::<AgentDetail>();
    all.visit::<Draft>();
    all.visit::<Signed>();
    all.visit::<Answer>();
    all.visit::<Filter>();
    all.visit::<Page>();
    all.visit::<Receipt>();
    all.visit::<Verdict>();
    HEADER.to_owned() + "\n" + &all.found.into_values().collect::<Vec<_>>().join("\n")
}

#[test]
fn the_bindings_of_the_front_end_are_those_of_the_view_models() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/src/ipc/bindings.ts");
    let (kept, made) = (std::fs::read_to_string(path).unwrap_or_default(), bindings());
    if kept != made {
        std::fs::write(path, made).unwrap();
        panic!("ui/src/ipc/bindings.ts was out of date and is written anew; look at it and commit it");
    }
}

#[test]
fn a_typed_secret_can_not_be_printed() {
    let typed: Typed = serde_json::from_str("\"correct horse\"").unwrap();
    assert_eq!(format!("{typed:?}"), "[redacted]");
    assert_eq!(typed.into_inner(), "correct horse");
}

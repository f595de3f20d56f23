//! Which files a server's command runs: what the human is taken to have accepted, and what is compared before each start.

use super::resolve::{Resolved, beside};
use crate::local::Evidence;
use domain::Program;
use std::io;
use std::path::{Path, PathBuf};

/// Endings of files that an interpreter runs. Other files among the arguments are data, and may change.
const SCRIPTS: [&str; 12] = ["js", "mjs", "cjs", "ts", "mts", "py", "rb", "pl", "php", "lua", "sh", "jar"];

/// The command's own program, and every script among its arguments, each with the digest of what is in it now.
///
/// # Errors
/// When one of the files can't be read.
pub fn programs(resolved: &Resolved, evidence: &Evidence) -> io::Result<Vec<Program>> {
    let launch = resolved.launch();
    let scripts = launch.args.iter().map(|arg| beside(launch, Path::new(arg))).filter(|path| is_script(path));
    std::iter::once(PathBuf::from(&launch.command))
        .chain(scripts)
        .map(|path| evidence.of_file(&path))
        .collect()
}

fn is_script(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| SCRIPTS.contains(&ending)) && path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Launch;

    fn launch(dir: &Path, args: &[&str]) -> Resolved {
        let args = args.iter().map(ToString::to_string).collect();
        let launch = Launch { command: "sh".into(), args, cwd: Some(dir.to_owned()), env: vec![] };
        Resolved::find(&launch).unwrap()
    }

    #[test]
    fn threat_08_a_script_swapped_in_place_is_another_program() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("server.py"), "print('honest')").unwrap();
        std::fs::write(dir.path().join("notes.db"), "data").unwrap();
        let launch = launch(dir.path(), &["server.py", "--db", "notes.db"]);
        let evidence = Evidence::default();
        let before = programs(&launch, &evidence).unwrap();
        assert_eq!(before.len(), 2, "the shell and the script, not the data: {before:?}");

        std::fs::write(dir.path().join("notes.db"), "more data").unwrap();
        assert_eq!(programs(&launch, &evidence).unwrap(), before);
        std::fs::write(dir.path().join("server.py"), "print('hostile')").unwrap();
        assert_ne!(programs(&launch, &evidence).unwrap(), before);
    }
}

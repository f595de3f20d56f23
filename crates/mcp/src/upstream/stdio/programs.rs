//! Which files a server's command runs: what the human is taken to have accepted, and what is compared before each start.

use crate::local::Evidence;
use domain::{Launch, Program};
use std::env;
use std::io;
use std::path::{Path, PathBuf};

/// Endings of files that an interpreter runs. Other files among the arguments are data, and may change.
const SCRIPTS: [&str; 12] = ["js", "mjs", "cjs", "ts", "mts", "py", "rb", "pl", "php", "lua", "sh", "jar"];

/// The command's own program, and every script among its arguments, each with the digest of what is in it now.
///
/// # Errors
/// When the command is not found, or one of the files can't be read.
pub fn programs(launch: &Launch, evidence: &Evidence) -> io::Result<Vec<Program>> {
    let command =
        find(launch).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the command is not found"))?;
    let scripts = launch.args.iter().map(|arg| beside(launch, Path::new(arg))).filter(|path| is_script(path));
    std::iter::once(command).chain(scripts).map(|path| evidence.of_file(&path)).collect()
}

/// As the system finds it: a path as it is, a bare name in `PATH`.
fn find(launch: &Launch) -> Option<PathBuf> {
    let command = Path::new(&launch.command);
    if command.components().count() > 1 {
        return Some(beside(launch, command)).filter(|path| path.is_file());
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(command)).find(|path| path.is_file())
}

/// A relative path counts from the working directory of the child.
fn beside(launch: &Launch, path: &Path) -> PathBuf {
    let dir = launch.cwd.clone().or_else(env::home_dir).unwrap_or_default();
    dir.join(path)
}

fn is_script(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| SCRIPTS.contains(&ending)) && path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(dir: &Path, args: &[&str]) -> Launch {
        Launch {
            command: "sh".into(),
            args: args.iter().map(ToString::to_string).collect(),
            cwd: Some(dir.to_owned()),
            env: vec![],
        }
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

    #[test]
    fn a_command_that_is_not_there_is_said_to_be_missing() {
        let dir = tempfile::tempdir().unwrap();
        let launch = Launch { command: "no-such-program-anywhere".into(), ..launch(dir.path(), &[]) };
        assert_eq!(programs(&launch, &Evidence::default()).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

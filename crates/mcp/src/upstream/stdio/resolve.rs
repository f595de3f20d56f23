//! Which file a command is. It is looked for once, where the child itself would look; what is hashed, stored and started is that
//! file.

use domain::{EnvValue, Launch};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A launch whose command is an absolute path to a file that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved(Launch);

impl Resolved {
    /// Looks for the command: a path counts from the child's working directory, a bare name is looked for in the child's `PATH`,
    /// which is the launch's own if it has one. As the system does, it passes over files that can't be run.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn find(launch: &Launch) -> io::Result<Self> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "the command is not found, or can't be run");
        let command = find(launch).ok_or_else(missing)?;
        let command = command.into_os_string().into_string();
        let command = command.map_err(|_| io::Error::other("the command's path is not UTF-8"))?;
        Ok(Self(Launch { command, ..launch.clone() }))
    }

    /// What is started.
    #[must_use]
    pub const fn launch(&self) -> &Launch {
        &self.0
    }
}

fn find(launch: &Launch) -> Option<PathBuf> {
    let command = Path::new(&launch.command);
    if command.components().count() > 1 {
        return Some(beside(launch, command)).filter(|path| can_run(path));
    }
    let path = path_of(launch)?;
    env::split_paths(&path).map(|dir| beside(launch, &dir).join(command)).find(|path| can_run(path))
}

/// The `PATH` the child gets. One that is a secret is not known here.
fn path_of(launch: &Launch) -> Option<OsString> {
    let own = launch.env.iter().rev().find_map(|(name, value)| match value {
        EnvValue::Plain(value) if name == "PATH" => Some(OsString::from(value)),
        EnvValue::Plain(_) | EnvValue::Secret => None,
    });
    own.or_else(|| env::var_os("PATH"))
}

/// A relative path counts from the working directory of the child.
pub(super) fn beside(launch: &Launch, path: &Path) -> PathBuf {
    let dir = launch.cwd.clone().or_else(env::home_dir).unwrap_or_default();
    dir.join(path)
}

fn can_run(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::Evidence;
    use crate::upstream::stdio::{clean, programs};

    fn put(path: &Path, text: &str, mode: u32) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn launch(cwd: &Path, command: &str, path: Option<String>) -> Launch {
        let env = path.map(|path| ("PATH".to_owned(), EnvValue::Plain(path))).into_iter().collect();
        Launch { command: command.into(), args: vec![], cwd: Some(cwd.to_owned()), env }
    }

    #[test]
    fn threat_08_what_is_hashed_is_what_the_launch_s_own_path_starts() {
        let dir = tempfile::tempdir().unwrap();
        let own = dir.path().join("own/sh");
        put(&own, "#!/bin/sh\n", 0o755);
        let launch = launch(dir.path(), "sh", Some(format!("{}:/usr/bin", own.parent().unwrap().display())));
        let found = Resolved::find(&launch).unwrap();
        assert_eq!(Path::new(&found.launch().command), own);
        assert_eq!(clean(&found).get_program(), own.as_os_str());
        let before = programs(&found, &Evidence::default()).unwrap();
        assert_eq!(before[0].path, own.canonicalize().unwrap());
        put(&own, "#!/bin/sh\nhostile\n", 0o755);
        assert_ne!(programs(&found, &Evidence::default()).unwrap(), before);
    }

    #[test]
    fn what_can_not_be_run_is_passed_over_as_the_system_does() {
        let dir = tempfile::tempdir().unwrap();
        let (text, program) = (dir.path().join("a/tool"), dir.path().join("b/tool"));
        put(&text, "no program", 0o644);
        put(&program, "#!/bin/sh\n", 0o755);
        let found = Resolved::find(&launch(dir.path(), "tool", Some("a:b".into()))).unwrap();
        assert_eq!(Path::new(&found.launch().command), program, "and both count from the child's folder");
        let text = text.to_string_lossy().into_owned();
        assert!(Resolved::find(&launch(dir.path(), &text, None)).is_err());
    }

    #[test]
    fn a_command_that_is_not_there_is_said_to_be_missing() {
        let dir = tempfile::tempdir().unwrap();
        let error = Resolved::find(&launch(dir.path(), "no-such-program-anywhere", None)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
